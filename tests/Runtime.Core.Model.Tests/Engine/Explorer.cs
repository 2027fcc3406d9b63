namespace Runtime.Core.Model.Tests.Engine;

/// <summary>What an exploration came to.</summary>
/// <param name="Executions">How many executions were run, pruned ones included.</param>
/// <param name="Pruned">How many of them were given up because the rest was known.</param>
/// <param name="Random">How many of them were random.</param>
/// <param name="Coverage">What was covered completely.</param>
/// <param name="Failure">What went wrong, with the way to it.</param>
internal sealed record ExplorationResult(int Executions, int Pruned, int Random, string Coverage, string? Failure)
{
    /// <summary>Whether everything within the bounds was covered.</summary>
    public bool IsComplete => Coverage == "complete";

    public TimeSpan Elapsed { get; init; }

    public int LongestExecution { get; init; }
}

/// <summary>Runs a scenario in every way, up to the bounds, or until one fails.</summary>
internal sealed class Explorer(string name, Func<Scenario> factory, ModelOptions options, Mutator? mutator = null)
{
    public ExplorationResult Run()
    {
        var clock = System.Diagnostics.Stopwatch.StartNew();
        return WithRunners(Explore) with { Elapsed = clock.Elapsed };
    }

    /// <summary>Runs one execution again, and tells its steps.</summary>
    public string Repeat(ReplayToken token) => WithRunners(runners => Replay(runners, token));

    private static T WithRunners<T>(Func<Runner[], T> action)
    {
        var runners = Enumerable.Range(1, VectorClock.MaxThreads - 1).Select(static index => new Runner(index)).ToArray();
        try
        {
            return action(runners);
        }
        finally
        {
            Array.ForEach(runners, static runner => runner.Dispose());
        }
    }

    private ExplorationResult Explore(Runner[] runners)
    {
        if (ReplayToken.FromEnvironment(name, options) is { } token)
        {
            return new ExplorationResult(1, 0, 0, "repeated", Replay(runners, token));
        }

        var count = new Count();
        var complete = "nothing complete";
        var bounds = Bounds().ToList();
        foreach (var bound in bounds)
        {
            var (isComplete, failure) = TakeAll(runners, bound, count);
            if (failure is not null)
            {
                return count.Result(complete, failure);
            }

            if (!isComplete)
            {
                return count.Result(complete, TakeRandom(runners, count));
            }

            complete = bound == bounds[^1] ? "complete" : $"complete for {bound.Preemptions} preemptions and {bound.Deviations} deviations";
        }

        return count.Result(complete, null);
    }

    // Narrow bounds first: most bugs need little, and a search that is cut off has then been everywhere a little instead of somewhere deeply.
    private IEnumerable<ModelOptions> Bounds()
    {
        for (var bound = 1; bound < Math.Min(options.Preemptions, options.Deviations) + 1 && options.Preemptions < 10; bound++)
        {
            yield return options with { Preemptions = bound, Deviations = bound };
        }

        yield return options;
    }

    private (bool IsComplete, string? Failure) TakeAll(Runner[] runners, ModelOptions bound, Count count)
    {
        var strategy = new DepthFirstStrategy();
        while (count.Executions < options.MostExecutions)
        {
            var execution = RunOnce(runners, bound, strategy, null);
            count.Add(execution);
            if (execution.Failure is not null)
            {
                return (false, Replay(runners, new ReplayToken(name, bound, Bounded: true, [.. strategy.Taken])));
            }

            if (!strategy.Advance())
            {
                return (true, null);
            }
        }

        return (false, null);
    }

    private string? TakeRandom(Runner[] runners, Count count)
    {
        for (; count.Random < options.RandomExecutions; count.Random++)
        {
            var seed = options.Seed + count.Random;
            var chance = new RandomStrategy(seed, count.Longest);
            var execution = RunOnce(runners, options, chance, null);
            if (execution.Failure is not null)
            {
                return $"{Replay(runners, new ReplayToken(name, options, Bounded: false, [.. chance.Taken]))}\nSeed {seed}";
            }
        }

        return null;
    }

    private Execution RunOnce(Runner[] runners, ModelOptions bound, Strategy strategy, TraceLog? log)
    {
        var execution = new Execution(bound, strategy, runners, mutator, log);
        execution.Run(factory);
        return execution;
    }

    private string Replay(Runner[] runners, ReplayToken token)
    {
        var log = new TraceLog();
        var execution = RunOnce(runners, token.Options, new ReplayStrategy(token.Choices, token.Bounded), log);
        return $"{execution.Failure ?? "(no failure when repeated)"}\n\n{log}\nRepeat with {ReplayToken.Variable}='{token}'";
    }

    private sealed class Count
    {
        public int Executions { get; private set; }

        public int Pruned { get; private set; }

        public int Random { get; set; }

        public int Longest { get; private set; } = 1;

        public void Add(Execution execution)
        {
            Executions++;
            Pruned += execution.WasPruned ? 1 : 0;
            Longest = Math.Max(Longest, execution.Steps);
        }

        public ExplorationResult Result(string coverage, string? failure) =>
            new(Executions + Random, Pruned, Random, coverage, failure) { LongestExecution = Longest };
    }
}
