using Runtime.Core.Topology;

namespace Runtime.Core.Tests.Topology;

/// <summary>Workers of a live runtime, seen through the kernel's word on their threads.</summary>
public sealed class AsyncRuntimePlacementTests
{
    private static readonly CpuTopology Machine = CpuTopologyReader.Read();
    private static readonly PlacementPlan Pinning = PlacementPlan.Make(Machine, pin: true, numaAware: false);

    [Fact]
    public async Task PinThreads_EachWorkerIsOnAProcessorOfItsOwn()
    {
        await using var runtime = await StartedAsync(Options(pin: true));

        (await AffinitiesAsync(runtime)).ShouldBe(Expected());
        Placed(runtime).ShouldBe(Pinning.Places.Count);
        runtime.Snapshot().Topology.ShouldSatisfyAllConditions(static t => t.Placement.ShouldEndWith(Pinning.Explanation), static t => t.Problem.ShouldBeNull());
    }

    [Fact]
    public async Task Default_WorkersMayRunAnywhere()
    {
        await using var runtime = await StartedAsync(Options(pin: false));

        (await AffinitiesAsync(runtime)).ShouldAllBe(static affinity => affinity == Machine.Available.Allowed.ToString());
        runtime.Snapshot().Topology.ShouldSatisfyAllConditions(static t => t.PlacedWorkers.ShouldBe(0), static t => t.Placement.ShouldBe("The system places the workers."));
    }

    [Fact]
    public async Task Reconfigure_OnAndOtherThreadsAndOff_SuccessorsTakeThePlaces()
    {
        await using var runtime = await StartedAsync(Options(pin: false));

        runtime.Reconfigure(Options(pin: true));
        (await AffinitiesAsync(runtime)).ShouldBe(Expected());

        var others = Options(pin: true);
        others.ThreadNamePrefix = "others";
        runtime.Reconfigure(others);
        (await AffinitiesAsync(runtime)).ShouldBe(Expected());

        runtime.Reconfigure(Options(pin: false));
        (await AffinitiesAsync(runtime)).ShouldAllBe(static affinity => affinity == Machine.Available.Allowed.ToString());
    }

    [Fact]
    public async Task Reserve_InPlaceOfBlockedWorkers_HasNoPlace()
    {
        var options = Options(pin: true);
        options.MaxReserveThreads = 8;
        await using var runtime = await StartedAsync(options);

        // One more than there are workers, so one at least is on a thread that stands in. Who runs which is left to chance.
        var affinities = (await AffinitiesAsync(runtime, Workers + 1)).ToList();

        var bound = affinities.Where(static affinity => affinity != Machine.Available.Allowed.ToString()).ToList();
        bound.ShouldBeUnique();
        bound.Count.ShouldBeLessThan(affinities.Count);
        bound.ShouldBeSubsetOf(Expected());
    }

    [Fact]
    public async Task PinThreads_AThreadStartedFromAWorker_IsNotBound()
    {
        await using var runtime = await StartedAsync(Options(pin: true));
        var seen = Waiting.NewSignal<string>();

        await runtime.Spawn(async ct => new Thread(() => seen.SetResult(Affinity())) { IsBackground = true }.Start()).Guarded();

        (await seen.Task.Guarded()).ShouldBe(Machine.Available.Allowed.ToString());
    }

    [Fact]
    public void Apply_ProcessorThatIsNotThere_SaysWhatWasRefused()
    {
        string? problem = null;
        var thread = new Thread(() => problem = ThreadPlacement.Apply(new WorkerPlace(0, ProcessorSet.Of([1023]), 0, -1, -1, null)));
        thread.Start();
        thread.Join();

        problem.ShouldBe("The system refused the processors 1023: Invalid argument");
    }

    [Fact]
    public void Apply_MemoryOfANode_IsThePolicyOfTheThread_OrItSaysWhatWasRefused()
    {
        var node = Machine.Usable.First().Node;
        string? problem = null;
        var (policies, afterwards) = (string.Empty, string.Empty);
        var thread = new Thread(() =>
        {
            problem = ThreadPlacement.Apply(new WorkerPlace(0, Machine.Available.Allowed, node, -1, -1, node));
            policies = Policies();
            ThreadPlacement.Clear();
            afterwards = Policies();
        });
        thread.Start();
        thread.Join();

        afterwards.ShouldNotContain("prefer:");
        if (problem is not null)
        {
            problem.ShouldStartWith($"The system refused memory of node {node}: "); // e.g. in a container: Docker's default profile
        }
        else if (policies.Length > 0)
        {
            policies.ShouldContain($"prefer:{node}");
        }

        static string Policies() => File.Exists("/proc/thread-self/numa_maps") ? File.ReadAllText("/proc/thread-self/numa_maps") : string.Empty;
    }

    private static int Workers => Math.Max(2, Pinning.Places.Count);

    private static AsyncRuntimeOptions Options(bool pin) => new()
    {
        WorkerThreads = Workers,
        MaxWorkerThreads = Workers,
        MaxReserveThreads = 0,
        Topology = new TopologyOptions { PinThreads = pin, NumaAware = pin },
    };

    // One processor each; where there is nothing to pin to, all of them may run anywhere.
    private static IEnumerable<string> Expected() => Pinning.Places.Count > 0
        ? Pinning.Places.Select(static place => place.Processors.ToString()).Order(StringComparer.Ordinal)
        : Enumerable.Repeat(Machine.Available.Allowed.ToString(), Workers);

    private static int Placed(AsyncRuntime runtime) => runtime.Snapshot().Topology.PlacedWorkers;

    // Of every worker: each holds its item until all have one.
    private static Task<IEnumerable<string>> AffinitiesAsync(AsyncRuntime runtime) => AffinitiesAsync(runtime, Workers);

    private static async Task<IEnumerable<string>> AffinitiesAsync(AsyncRuntime runtime, int threads)
    {
        while (runtime.Snapshot().Workers.Count > Workers)
        {
            await Task.Yield(); // one that retires may still take an item
        }

        using var meeting = new Barrier(threads);
        var tasks = Enumerable.Range(0, threads).Select(_ => runtime.Spawn(async ct =>
        {
            meeting.SignalAndWait(Waiting.HangGuard, ct).ShouldBeTrue();
            return Affinity();
        })).ToList();
        return (await Task.WhenAll(tasks).Guarded()).Order(StringComparer.Ordinal);
    }

    private static string Affinity()
    {
        const string key = "Cpus_allowed_list:";
        return File.ReadLines("/proc/thread-self/status").First(static line => line.StartsWith(key, StringComparison.Ordinal))[key.Length..].Trim();
    }

    private static async Task<AsyncRuntime> StartedAsync(AsyncRuntimeOptions options)
    {
        var runtime = new AsyncRuntime(options);
        await runtime.StartAsync();
        return runtime;
    }
}
