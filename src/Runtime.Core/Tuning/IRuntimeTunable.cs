namespace Runtime.Core.Tuning;

/// <summary>What a tuner may turn.</summary>
public enum TuningKnob
{
    /// <summary>How many worker threads there are.</summary>
    WorkerThreads,

    /// <summary>Whether idle workers take work from busy ones: 0 or 1.</summary>
    WorkStealing,

    /// <summary>How much of their capacity the queues use that reject what does not fit, in percent.</summary>
    QueueCapacity,

    /// <summary>How many retired things start the cleaning.</summary>
    CleanupThreshold,

    /// <summary>How far the workers stand back for request threads: a value of <see cref="WorkerIsolation"/>.</summary>
    Isolation,

    /// <summary>How late timers may fire so that they share a wake-up, in milliseconds.</summary>
    TimerSlack,
}

/// <summary>A runtime as a tuner sees it: knobs with bounds.</summary>
/// <remarks>Implementations are thread safe.</remarks>
public interface IRuntimeTunable
{
    /// <summary>Reads a knob.</summary>
    /// <param name="knob">Which.</param>
    /// <returns>Its value now.</returns>
    int Get(TuningKnob knob);

    /// <summary>Reads what the user has configured for a knob; where the tuner returns to when its reasons are gone.</summary>
    /// <param name="knob">Which.</param>
    /// <returns>The configured value; within the bounds.</returns>
    int Configured(TuningKnob knob) => Get(knob);

    /// <summary>Reads the bounds that the user has set for a knob.</summary>
    /// <param name="knob">Which.</param>
    /// <returns>The least and the greatest value; the same twice where the user has fixed it.</returns>
    (int Least, int Greatest) Bounds(TuningKnob knob);

    /// <summary>Turns a knob.</summary>
    /// <param name="knob">Which.</param>
    /// <param name="value">Its new value; beyond the bounds it is brought back to them.</param>
    void Set(TuningKnob knob, int value);
}
