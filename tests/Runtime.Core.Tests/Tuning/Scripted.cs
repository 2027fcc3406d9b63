using Runtime.Core.Tuning;

namespace Runtime.Core.Tests.Tuning;

/// <summary>Recommends what the test says.</summary>
internal sealed class Scripted : IOptimizationStrategy
{
    public string Name => "Scripted";

    public OptimizationRecommendation? Want { get; set; }

    public bool Throws { get; init; }

    public bool FailsToApply { get; set; }

    public List<TuningDecision> Learned { get; } = [];

    /// <summary>What happens while it is asked.</summary>
    public Action? Thinks { get; init; }

    public OptimizationRecommendation? Analyze(TuningSample sample)
    {
        Thinks?.Invoke();
        return Throws ? throw new InvalidOperationException("oh") : Want;
    }

    public void Apply(OptimizationRecommendation recommendation, IRuntimeTunable runtime)
    {
        if (FailsToApply)
        {
            throw new InvalidOperationException("stuck");
        }

        runtime.Set(recommendation.Knob, recommendation.To);
    }

    public void Learn(TuningDecision decision) => Learned.Add(decision);
}
