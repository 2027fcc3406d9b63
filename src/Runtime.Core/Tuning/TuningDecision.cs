namespace Runtime.Core.Tuning;

/// <summary>What became of a recommendation.</summary>
public enum TuningOutcome
{
    /// <summary>Put into force on trial; another decision with the same number tells how it ended.</summary>
    Applied,

    /// <summary>The effect was good enough; it stays.</summary>
    Kept,

    /// <summary>The effect was not good enough; the old value is back. With <see cref="TuningDecision.Trial"/> 0: what was kept has lost its reason, and the configured value is back.</summary>
    Undone,

    /// <summary>The tuner is frozen: recorded, not applied.</summary>
    Frozen,

    /// <summary>The load changed, or the noise was too great, or there was no time: nothing was learned, and the old value is back.</summary>
    Inconclusive,

    /// <summary>Somebody else turned the knob, or the tuner was stopped: no verdict, and the knob is as it is.</summary>
    Abandoned,

    /// <summary>It could not be put into force.</summary>
    Failed,

    /// <summary>It was to be undone, and the old value could not be put back.</summary>
    UndoFailed,
}

/// <summary>A decision of the tuner.</summary>
/// <param name="At">When.</param>
/// <param name="Strategy">Whose recommendation it was.</param>
/// <param name="Knob">What it turns.</param>
/// <param name="From">The value before.</param>
/// <param name="To">The value after.</param>
/// <param name="Outcome">What became of it.</param>
/// <param name="Reason">Why, with the figures.</param>
public sealed record TuningDecision(DateTimeOffset At, string Strategy, TuningKnob Knob, int From, int To, TuningOutcome Outcome, string Reason)
{
    /// <summary>Gets the number of the trial, from 1 on; an <see cref="TuningOutcome.Applied"/> and its end share it. 0 where nothing was on trial.</summary>
    public long Trial { get; init; }
}
