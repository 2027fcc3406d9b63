namespace Runtime.Core.Model.Tests.Engine;

/// <summary>What an exploration came to.</summary>
/// <param name="Executions">How many executions were run, pruned ones included.</param>
/// <param name="Pruned">How many of them were given up because the rest was known.</param>
/// <param name="Random">How many of them were random.</param>
/// <param name="IsComplete">Whether everything within the bound on preemptions was covered.</param>
/// <param name="Failure">What went wrong, with the way to it.</param>
internal sealed record ExplorationResult(int Executions, int Pruned, int Random, bool IsComplete, string? Failure)
{
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
            return new ExplorationResult(1, 0, 0, IsComplete: false, Replay(runners, token));
        }

        int executions = 0, pruned = 0, longest = 1;
        var complete = false;
        var strategy = new DepthFirstStrategy();
        while (executions < options.MostExecutions && !complete)
        {
            var execution = RunOnce(runners, strategy, null);
            executions++;
            pruned += execution.WasPruned ? 1 : 0;
            longest = Math.Max(longest, execution.Steps);
            if (execution.Failure is not null)
            {
                return new ExplorationResult(executions, pruned, 0, false, Replay(runners, new ReplayToken(name, options, Bounded: true, [.. strategy.Taken])));
            }

            complete = !strategy.Advance();
        }

        var random = 0;
        for (; !complete && random < options.RandomExecutions; random++)
        {
            var chance = new RandomStrategy(options.Seed + random, longest);
            var execution = RunOnce(runners, chance, null);
            if (execution.Failure is not null)
            {
                var failure = Replay(runners, new ReplayToken(name, options, Bounded: false, [.. chance.Taken]));
                return new ExplorationResult(executions + random + 1, pruned, random + 1, false, $"seed {options.Seed + random}\n{failure}");
            }
        }

        return new ExplorationResult(executions + random, pruned, random, complete, null) { LongestExecution = longest };
    }

    private Execution RunOnce(Runner[] runners, Strategy strategy, TraceLog? log)
    {
        var execution = new Execution(options, strategy, runners, mutator, log);
        execution.Run(factory);
        return execution;
    }

    private string Replay(Runner[] runners, ReplayToken token)
    {
        var log = new TraceLog();
        var execution = RunOnce(runners, new ReplayStrategy(token.Choices, token.Bounded), log);
        return $"{execution.Failure ?? "(no failure when repeated)"}\n\n{log}\nRepeat with {ReplayToken.Variable}='{token}'";
    }
}
