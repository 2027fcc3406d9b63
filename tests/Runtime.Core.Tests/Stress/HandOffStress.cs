namespace Runtime.Core.Tests.Stress;

/// <summary>Runs a scenario, watches it, and holds the runtime's own books against the batons'.</summary>
internal static class HandOffStress
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    /// <param name="scenario">What to run.</param>
    /// <param name="handOffs">How many hand-offs to make.</param>
    /// <param name="seed">What everything that is drawn is drawn from.</param>
    /// <param name="portOf">Puts something between the batons and the runtime.</param>
    /// <param name="patience">How long nothing may move.</param>
    /// <returns>How many hand-offs were made, and what was reached.</returns>
    public static async Task<(long HandOffs, HandOffCoverage Coverage)> RunAsync(
        HandOffScenario scenario, long handOffs, int seed, Func<AsyncRuntime, RuntimePort>? portOf = null, TimeSpan? patience = null)
    {
        var runtime = new AsyncRuntime(scenario.Options);
        await runtime.StartAsync();
        using var run = new HandOffRun(portOf is null ? new RuntimePort(runtime) : portOf(runtime), handOffs, seed);
        var finished = false;
        try
        {
            scenario.Begin(run);
            new Watchdog(run, patience ?? Patience).Watch();
            finished = true;
        }
        finally
        {
            run.End();
            await runtime.StopAsync(new CancellationToken(canceled: !finished)).Guarded(); // drains: what is in a queue twice arrives now at the latest
        }

        Check(scenario, run);
        return (run.Account.HandOffs, run.Coverage);
    }

    private static void Check(HandOffScenario scenario, HandOffRun run)
    {
        var about = $"{scenario.Name}, seed {run.Seed}: {run.Coverage}";
        var (made, continued) = (run.Account.HandOffs, run.Account.Continued);
        var books = run.Runtime.Snapshot();
        run.Account.Problems().ShouldBeEmpty(about);
        books.Accepted.ShouldBe(made - continued, about);
        books.Finished.ShouldBe(books.Accepted, about);
        books.Cancelled.ShouldBe(0, about);
        books.Failed.ShouldBe(0, about);
        books.UnhandledExceptions.ShouldBe(0, about);
        books.QueueDepth.Sum().ShouldBe(0, about);
        books.Executed.ShouldBeGreaterThanOrEqualTo(made, $"{about}. A hand-off that no worker has run is none.");
        scenario.Reaches(run.Coverage).ShouldBeTrue($"It did not reach what it is for. {about}");
    }
}
