using System.Globalization;

namespace Runtime.Core.Tests;

/// <summary>How far threads stand back, as the kernel sees it, when that is changed while the runtime runs.</summary>
public sealed class AsyncRuntimeIsolationTests
{
    // What this test's own thread has, and with it the process: a runtime without isolation has the same.
    private static readonly Place Ordinary = Place.OfCurrentThread();

    public static TheoryData<WorkerIsolation, WorkerIsolation, bool> Changes
    {
        get
        {
            var data = new TheoryData<WorkerIsolation, WorkerIsolation, bool>();
            foreach (var from in Enum.GetValues<WorkerIsolation>())
            {
                foreach (var to in Enum.GetValues<WorkerIsolation>().Where(to => to != from))
                {
                    data.Add(from, to, true);
                    data.Add(from, to, false);
                }
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Changes))]
    public async Task Reconfigure_Isolation_WorkersAndBlockingThreadsHaveTheNewLevel(WorkerIsolation from, WorkerIsolation to, bool byAJob)
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        var options = new AsyncRuntimeOptions { WorkerThreads = 2, Isolation = from };
        await using var runtime = new AsyncRuntime(options);
        await runtime.StartAsync();
        (await PlaceOfAWorker(runtime)).ShouldBe(Expected(from));
        (await runtime.SpawnBlocking(Place.OfCurrentThread).Guarded()).ShouldBe(Expected(from));

        var changed = new AsyncRuntimeOptions { WorkerThreads = 2, Isolation = to };
        if (byAJob)
        {
            // Configuration that a job refreshes is applied on its worker, which has the old level.
            var blocking = await runtime.Spawn(_ =>
            {
                runtime.Reconfigure(changed);
                return ValueTask.FromResult(runtime.SpawnBlocking(Place.OfCurrentThread));
            }).Guarded();
            (await blocking.Guarded()).ShouldBe(Expected(to));
        }
        else
        {
            runtime.Reconfigure(changed);
        }

        (await PlaceOfAWorker(runtime)).ShouldBe(Expected(to));
        (await runtime.SpawnBlocking(Place.OfCurrentThread).Guarded()).ShouldBe(Expected(to));
        runtime.IsolationProblem.ShouldBeNull();
    }

    [Fact]
    public async Task Reconfigure_Isolation_ABlockingThreadThatIsAtWorkEndsAfterIt()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        await using var runtime = new AsyncRuntime(new AsyncRuntimeOptions { WorkerThreads = 1, Isolation = WorkerIsolation.Idle });
        await runtime.StartAsync();
        using var gate = new ManualResetEventSlim();
        var atWork = runtime.SpawnBlocking(() => gate.Wait(Waiting.HangGuard));

        runtime.Reconfigure(new AsyncRuntimeOptions { WorkerThreads = 1, Isolation = WorkerIsolation.None });
        gate.Set();
        await atWork.Guarded();

        for (var i = 0; i < 20; i++)
        {
            (await runtime.SpawnBlocking(Place.OfCurrentThread).Guarded()).ShouldBe(Ordinary);
        }
    }

    private static Task<Place> PlaceOfAWorker(AsyncRuntime runtime) => runtime.Spawn(static _ => ValueTask.FromResult(Place.OfCurrentThread())).Guarded();

    private static Place Expected(WorkerIsolation isolation) => isolation switch
    {
        WorkerIsolation.None => Ordinary,
        WorkerIsolation.BelowNormal => Ordinary with { Nice = 10 },
        WorkerIsolation.Lowest => Ordinary with { Nice = 19 },
        _ => Ordinary with { Policy = 5 },
    };

    /// <summary>Policy and nice value, from the 41st and the 19th field of the thread's stat; the second one, its name, may hold spaces.</summary>
    private sealed record Place(int Policy, int Nice)
    {
        public static Place OfCurrentThread()
        {
            var stat = File.ReadAllText("/proc/thread-self/stat");
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            return new(Number(fields[41 - 3]), Number(fields[19 - 3]));
        }

        private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);
    }
}
