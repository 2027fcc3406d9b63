using System.Diagnostics;
using System.Globalization;
using Runtime.Benchmarks.Harness;
using Runtime.Core;

namespace Runtime.Benchmarks.Cleanup;

/// <summary>What retiring costs who retires, what a slice of the cleaning takes, and what disposing in place would have cost.</summary>
internal sealed class CleanupCommand : BenchmarkCommand
{
    // Calls between two readings of the clock: one reading costs as much as a retire.
    private const int Chunk = 10;

    public override string Name => "cleanup";

    public override string Summary => "the hot path's cost of retiring objects, and the slices of the cleaning";

    public override IReadOnlyList<Option> Options { get; } =
    [
        new("things", "1000000", "objects to retire"),
        new("rounds", "5", "how often; the first is not counted"),
        new("work", "200", "nanoseconds of work in each disposal"),
    ];

    public override async Task<int> RunAsync(Arguments arguments, TextWriter output)
    {
        var machine = new Machine();
        Machine.WriteHead(output, "cleanup");
        var count = arguments.Integer("things");
        var things = Enumerable.Range(0, count).Select(_ => new Thing(arguments.Integer("work"))).ToArray();
        var table = new MarkdownTable("way", "threads", "p50 ns", "p99 ns", "p99.9 ns", "mean ns", "B/op", "longest slice ms", "p99 slice ms", "overruns", "helped", "left after");
        for (var round = 0; round < arguments.Integer("rounds"); round++)
        {
            foreach (var threads in new[] { 1, 2 })
            {
                await MeasureAsync(things, threads, round > 0 ? table : null);
            }

            MeasureInPlace(things, round > 0 ? table : null);
        }

        table.WriteTo(output);
        machine.WriteNoise(output);
        return 0;
    }

    private static async Task MeasureAsync(Thing[] things, int threads, MarkdownTable? table)
    {
        await using var runtime = new AsyncRuntime(new AsyncRuntimeOptions { WorkerThreads = 2, Cleanup = { Capacity = 100_000_000 } });
        await runtime.StartAsync();
        var before = GC.GetTotalAllocatedBytes(precise: true);
        var times = await RunAsync(things, threads, runtime.Cleanup.Retire);
        var allocated = GC.GetTotalAllocatedBytes(precise: true) - before;
        var left = Stopwatch.GetTimestamp();
        runtime.Cleanup.Collect();
        while (runtime.Snapshot().Cleanup.Backlog > 0)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System);
        }

        var after = Stopwatch.GetElapsedTime(left);
        var snapshot = runtime.Snapshot().Cleanup;
        Add(
            table, "retire", threads, times, (double)allocated / things.Length, MarkdownTable.Figure(snapshot.LongestSlice.TotalMilliseconds), MarkdownTable.Figure(snapshot.Slices.Quantile(0.99).TotalMilliseconds),
            $"{snapshot.Overruns} of {snapshot.Slices.Count}", snapshot.Helped.ToString(CultureInfo.InvariantCulture), $"{after.TotalMilliseconds:F0} ms");
    }

    private static void MeasureInPlace(Thing[] things, MarkdownTable? table) =>
        Add(table, "dispose in place", 1, Time(things, 0, things.Length, static thing => thing.Dispose()), 0, "-", "-", "-", "-", "-");

    private static async Task<double[]> RunAsync(Thing[] things, int threads, Action<IDisposable> retire)
    {
        var share = things.Length / threads;
        var parts = await Task.WhenAll(Enumerable.Range(0, threads).Select(thread => Task.Factory.StartNew(
            () => Time(things, thread * share, share, retire), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)));
        return [.. parts.SelectMany(static part => part)];
    }

    // Nanoseconds of each call, as means of a few: the clock's own cost is taken off.
    private static double[] Time(Thing[] things, int first, int count, Action<IDisposable> act)
    {
        var clock = ClockCost();
        var times = new double[count / Chunk];
        for (var chunk = 0; chunk < times.Length; chunk++)
        {
            var began = Stopwatch.GetTimestamp();
            for (var i = 0; i < Chunk; i++)
            {
                act(things[first + (chunk * Chunk) + i]);
            }

            times[chunk] = Math.Max(0, Stopwatch.GetElapsedTime(began).TotalNanoseconds - clock) / Chunk;
        }

        return times;
    }

    private static double ClockCost()
    {
        var least = double.MaxValue;
        for (var round = 0; round < 1_000; round++)
        {
            var began = Stopwatch.GetTimestamp();
            least = Math.Min(least, Stopwatch.GetElapsedTime(began).TotalNanoseconds);
        }

        return least;
    }

    private static void Add(MarkdownTable? table, string way, int threads, double[] times, double bytes, string longest, string p99, string overruns, string helped, string left) => table?.Add(
        way,
        threads.ToString(CultureInfo.InvariantCulture),
        MarkdownTable.Figure(Statistics.Quantile(times, 0.5)),
        MarkdownTable.Figure(Statistics.Quantile(times, 0.99)),
        MarkdownTable.Figure(Statistics.Quantile(times, 0.999)),
        MarkdownTable.Figure(times.Average()),
        MarkdownTable.Figure(bytes),
        longest,
        p99,
        overruns,
        helped,
        left);

    private sealed class Thing(int nanoseconds) : IDisposable
    {
        public void Dispose()
        {
            var end = Stopwatch.GetTimestamp() + nanoseconds;
            while (Stopwatch.GetTimestamp() < end)
            {
            }
        }
    }
}
