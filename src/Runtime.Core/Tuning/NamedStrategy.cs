namespace Runtime.Core.Tuning;

/// <summary>A strategy whose name was read once: what is shown, logged and compared is the same for as long as it lives, and a getter that throws does so once and in here.</summary>
internal sealed class NamedStrategy(IOptimizationStrategy strategy) : IOptimizationStrategy
{
    public string Name { get; } = NameOf(strategy);

    public OptimizationRecommendation? Analyze(TuningSample sample) => strategy.Analyze(sample);

    public void Apply(OptimizationRecommendation recommendation, IRuntimeTunable runtime) => strategy.Apply(recommendation, runtime);

    public void Learn(TuningDecision decision) => strategy.Learn(decision);

    private static string NameOf(IOptimizationStrategy strategy)
    {
        try
        {
            return strategy.Name ?? strategy.GetType().Name;
        }
        catch (Exception)
        {
            return strategy.GetType().Name; // the user's code; a name is all that is lost
        }
    }
}
