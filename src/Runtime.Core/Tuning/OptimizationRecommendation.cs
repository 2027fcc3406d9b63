namespace Runtime.Core.Tuning;

/// <summary>A change that a strategy recommends.</summary>
/// <param name="Knob">What to turn.</param>
/// <param name="To">Its new value.</param>
/// <param name="Reason">Why, with the figures; for logs and people.</param>
public sealed record OptimizationRecommendation(TuningKnob Knob, int To, string Reason);
