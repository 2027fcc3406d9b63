namespace Runtime.Core.Tuning;

/// <summary>What became of a recommendation.</summary>
public enum TuningOutcome
{
    /// <summary>Put into force; the next sample tells whether it stays.</summary>
    Applied,

    /// <summary>The effect was good enough; it stays.</summary>
    Kept,

    /// <summary>The effect was not good enough; the old value is back.</summary>
    Undone,

    /// <summary>The tuner is frozen: recorded, not applied.</summary>
    Frozen,
}

/// <summary>A decision of the tuner.</summary>
/// <param name="At">When.</param>
/// <param name="Strategy">Whose recommendation it was.</param>
/// <param name="Knob">What it turns.</param>
/// <param name="From">The value before.</param>
/// <param name="To">The value after.</param>
/// <param name="Outcome">What became of it.</param>
/// <param name="Reason">Why, with the figures.</param>
public sealed record TuningDecision(DateTimeOffset At, string Strategy, TuningKnob Knob, int From, int To, TuningOutcome Outcome, string Reason);
