using System.Globalization;
using Runtime.Core.Scheduling;
using Runtime.Core.Topology;

namespace Runtime.Core.Tests.Scheduling;

/// <summary>The threads that wake up beside workers of idle priority; seen through the kernel where it matters.</summary>
public sealed class PreemptionTickerTests
{
    private static readonly int Processors = CpuTopologyReader.ReadAvailable().Allowed.Count;

    [Fact]
    public void Set_NeverWanted_HasNoThread()
    {
        var ticker = new PreemptionTicker("never", static problem => throw new InvalidOperationException(problem));

        ticker.Set(wanted: false);

        ticker.Threads.ShouldBe(0);
        ticker.Stop();
    }

    [Fact]
    public void Set_OnAndOffAgainAndAgain_TicksWhileWantedAndRestsOtherwise()
    {
        var ticker = new PreemptionTicker("again", static problem => throw new InvalidOperationException(problem));
        for (var round = 0; round < 20; round++)
        {
            var before = ticker.Ticks;
            ticker.Set(wanted: true);
            Until(() => ticker.Ticks >= before + (3 * Processors));
            ticker.Set(wanted: false);
            Until(() => ticker.Resting == Processors);
        }

        ticker.Threads.ShouldBe(Processors);
        ticker.Stop();
        Until(() => ticker.Resting == 0);
    }

    [Fact]
    public void Set_OnAndOffAsFastAsCanBe_NobodySleepsOnTheLastWish()
    {
        var ticker = new PreemptionTicker("fast", static problem => throw new InvalidOperationException(problem));
        for (var round = 0; round < 10_000; round++)
        {
            ticker.Set(wanted: false);
            ticker.Set(wanted: true);
        }

        Until(() => ticker.Resting == 0);
        var before = ticker.Ticks;
        Until(() => ticker.Ticks >= before + (3 * Processors));
        ticker.Stop();
    }

    [Fact]
    public async Task IdleIsolation_WhileAWorkerComputes_OneThreadTicksOnEachProcessor()
    {
        await using var runtime = new AsyncRuntime(new AsyncRuntimeOptions { WorkerThreads = 1, Isolation = WorkerIsolation.Idle, ThreadNamePrefix = "tka" });
        await runtime.StartAsync();
        using var over = new CancellationTokenSource();
        var work = runtime.Spawn(_ => Compute(over.Token));

        Until(() => Tickers("tka").Count == Processors && Tickers("tka").TrueForAll(static thread => thread.Switches > 10));
        var places = Tickers("tka").ConvertAll(static thread => thread.Allowed);
        await over.CancelAsync();
        await work.Guarded();
        Until(static () => Tickers("tka").TrueForAll(static thread => thread.SleepsUntilWoken)); // nobody ticks for an idle runtime
        await runtime.StopAsync();

        places.ShouldBeUnique();
        places.ShouldAllBe(static place => ProcessorSet.Parse(place)!.Count == 1);
        Until(static () => Tickers("tka").Count == 0);
    }

    [Fact]
    public async Task OtherIsolation_WhileAWorkerComputes_NobodyTicks()
    {
        await using var runtime = new AsyncRuntime(new AsyncRuntimeOptions { WorkerThreads = 1, Isolation = WorkerIsolation.Lowest, ThreadNamePrefix = "tkb" });
        await runtime.StartAsync();

        // Long enough for dozens of looks of the monitor; threads that tick stay until the stop.
        await Task.WhenAll(Enumerable.Range(0, 2_000).Select(_ => runtime.Spawn(static _ => Spin()))).Guarded();

        Tickers("tkb").ShouldBeEmpty();
    }

    private static ValueTask Spin()
    {
        Thread.SpinWait(10_000);
        return ValueTask.CompletedTask;
    }

    private static ValueTask Compute(CancellationToken over)
    {
        while (!over.IsCancellationRequested)
        {
            Thread.SpinWait(100);
        }

        return ValueTask.CompletedTask;
    }

    private static void Until(Func<bool> condition) => SpinWait.SpinUntil(condition, Waiting.HangGuard).ShouldBeTrue();

    private static List<TickThread> Tickers(string prefix)
    {
        var found = new List<TickThread>();
        foreach (var folder in Directory.EnumerateDirectories("/proc/self/task"))
        {
            try
            {
                if (File.ReadAllText(Path.Combine(folder, "comm")).StartsWith($"{prefix}-tick-", StringComparison.Ordinal))
                {
                    var status = File.ReadAllLines(Path.Combine(folder, "status"));
                    found.Add(new TickThread(
                        Value(status, "Cpus_allowed_list:"),
                        long.Parse(Value(status, "voluntary_ctxt_switches:"), CultureInfo.InvariantCulture),
                        File.ReadAllText(Path.Combine(folder, "syscall")).Split(' ') is [_, _, _, _, "0x0", ..])); // futex(address, operation, value, no timeout)
                }
            }
            catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException or IOException)
            {
                // the thread has ended meanwhile
            }
        }

        return found;
    }

    private static string Value(string[] lines, string key) => Array.Find(lines, line => line.StartsWith(key, StringComparison.Ordinal))![key.Length..].Trim();

    private sealed record TickThread(string Allowed, long Switches, bool SleepsUntilWoken);
}
