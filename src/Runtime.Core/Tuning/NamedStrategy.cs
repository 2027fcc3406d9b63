namespace Runtime.Core.Tuning;

/// <summary>A strategy of the user, watched while it is called, and with a name that was read once: what is shown, logged and compared is the same for as long as it lives, and a getter that throws does so in here.</summary>
internal sealed class NamedStrategy(IOptimizationStrategy strategy, StrategyWatch watch) : IOptimizationStrategy
{
    public string Name { get; } = NameOf(strategy);

    public OptimizationRecommendation? Analyze(TuningSample sample)
    {
        OptimizationRecommendation? recommendation = null;
        Call(() => recommendation = strategy.Analyze(sample));
        return recommendation;
    }

    public void Apply(OptimizationRecommendation recommendation, IRuntimeTunable runtime) => Call(() => strategy.Apply(recommendation, runtime));

    public void Learn(TuningDecision decision) => Call(() => strategy.Learn(decision));

    private void Call(Action action)
    {
        watch.Enter(Name);
        try
        {
            action();
        }
        finally
        {
            watch.Leave();
        }
    }

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
