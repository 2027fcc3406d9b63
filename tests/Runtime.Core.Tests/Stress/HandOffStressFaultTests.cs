namespace Runtime.Core.Tests.Stress;

/// <summary>The stress can fail: it finds each kind of fault, and says what is missing.</summary>
[Collection(nameof(StressCollection))]
public sealed class HandOffStressFaultTests
{
    private const int Seed = 7;
    private const long HandOffs = 200_000;
    private const long At = 70_001;

    // Long enough that only a hang is one, short enough to wait for it.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private static readonly HandOffScenario Delegates = new("delegates", HandOffs, static run => run.PostAll(run.AddCarriers(300, new Mix((Way.PostDelegate, 1)))));

    private static readonly HandOffScenario Posts = new("posts", HandOffs, static run => run.PostAll(run.AddCarriers(300, new Mix((Way.Post, 1)))))
    {
        Options = new AsyncRuntimeOptions { WorkerThreads = 2, MaxReserveThreads = 0, Shutdown = new ShutdownOptions { CancelTimeout = TimeSpan.Zero } },
    };

    [Fact]
    public async Task Run_AnItemIsLost_SaysThatItIsAndWhich()
    {
        var (failure, struck) = await FailAsync<StallException>(Fault.Lose);

        failure.Message.ShouldStartWith("Lost: ");
        failure.Message.ShouldContain("Passed and not arrived: 1\n");
        failure.Message.ShouldContain($"  Carrier {struck.Id}, ");
        failure.Message.ShouldContain($"seed {Seed}");
    }

    [Fact]
    public async Task Run_AnItemIsDoubled_SaysThatItIsAndWhich()
    {
        // Delegates, because the runtime itself refuses an item that is queued; here only the baton can know. Both of it go round to the end.
        var (failure, struck) = await FailAsync<ShouldAssertException>(Fault.Double, Delegates, at: 71);

        failure.Message.ShouldContain($"Doubled: Carrier {struck.Id}, ");
        failure.Message.ShouldContain($"seed {Seed}");
    }

    [Fact]
    public async Task Run_NothingComesOutAnyMore_EndsAndNamesWhatWaits()
    {
        var (failure, struck) = await FailAsync<StallException>(Fault.Hold);

        failure.Message.ShouldMatch(@"Passed and not arrived: [123]\d\d\n"); // at most 105 of the 300 had done their share
        struck.IsWaiting.ShouldBeTrue();
    }

    [Fact]
    public async Task Run_WorkersDoNotComeBack_EndsAndShowsTheWorkers()
    {
        var (failure, _) = await FailAsync<StallException>(Fault.Stick);

        failure.Message.ShouldStartWith("Stuck: ");
        failure.Message.ShouldContain("runtime-worker-0: blocked");
        failure.Message.ShouldContain("runtime-worker-1: blocked");
    }

    private static async Task<(TException Failure, Baton Struck)> FailAsync<TException>(Fault fault, HandOffScenario? scenario = null, long at = At)
        where TException : Exception
    {
        FaultyPort? port = null;
        try
        {
            var failure = await Record.ExceptionAsync(
                () => HandOffStress.RunAsync(scenario ?? Posts, HandOffs, Seed, runtime => port = new FaultyPort(runtime, fault, at), Patience));
            return (failure.ShouldBeOfType<TException>(), port!.Struck.ShouldNotBeNull());
        }
        finally
        {
            port?.Dispose();
        }
    }
}
