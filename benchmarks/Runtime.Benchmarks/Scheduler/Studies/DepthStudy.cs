using System.Diagnostics;
using System.Globalization;
using Runtime.Benchmarks.Harness;
using Runtime.Benchmarks.Queue;

namespace Runtime.Benchmarks.Scheduler.Studies;

/// <summary>Whether an item costs the same with a thousand and with ten million in the queue: all are posted while the workers are held back.</summary>
internal sealed class DepthStudy : Study
{
    private static readonly (int Depth, int Rounds)[] Plan = [(1_000, 30), (10_000, 30), (100_000, 20), (1_000_000, 5), (10_000_000, 1)];
    private const int QuickDepths = 3;
    private const int WarmUpDepth = 10_000;
    private const int WarmUpRounds = 300;

    public override string Name => "depth";

    public override async Task RunAsync(StudyContext context, TextWriter output)
    {
        await output.WriteLineAsync("### Cost at queue depths (ns per item): posted while the workers are held, then let go\n");
        var table = new MarkdownTable("items", "contender", "n", "post ns/op", "run ns/op", "sum", "B/op", "CPU ns/op", "GC 0/1/2", "GC pause ns/op");
        using var driver = new DriverThread();

        // Both would answer held workers with more threads.
        ThreadPool.GetMaxThreads(out var poolThreads, out var completionThreads);
        ThreadPool.SetMaxThreads(Environment.ProcessorCount, completionThreads);
        var sides = await Side.StartAsync(context.Settings with { Reserve = false });
        foreach (var (depth, rounds) in context.Quick ? Plan[..QuickDepths] : Plan)
        {
            foreach (var (side, items) in sides.SelectMany(s => new[] { (s, false), (s, true) }))
            {
                var workers = side == sides[0] ? context.Settings.Workers : Environment.ProcessorCount;
                var series = new Series(items ? $"{side.Name}, own items" : side.Name, "", depth);
                for (var round = depth == Plan[0].Depth ? -WarmUpRounds : 0; round < rounds; round++)
                {
                    var measurement = await driver.RunAsync(() => Round(side, items, workers, round < 0 ? WarmUpDepth : depth));
                    if (round >= 0)
                    {
                        series.Add(measurement);
                    }
                }

                table.Add(Row(depth, series));
            }
        }

        foreach (var side in sides)
        {
            await side.DisposeAsync();
        }

        ThreadPool.SetMaxThreads(poolThreads, completionThreads);
        table.WriteTo(output);
    }

    private static Measurement Round(Side side, bool items, int workers, int depth)
    {
        using var gate = new Gate(workers);
        using var counter = new RoundCounter();
        counter.Reset(depth + workers); // the held ones too: none may still be at the gate when it is disposed
        var post = items ? side.PrepareItems(depth, counter) : () => PostDelegates(side, depth, counter);
        GC.Collect();
        var before = Cost.Read();
        for (var i = 0; i < workers; i++)
        {
            side.Post(static held => held.Pass(), new Held(gate, counter));
        }

        gate.WaitUntilHeld();
        var began = Stopwatch.GetTimestamp();
        post();
        var submitted = Stopwatch.GetTimestamp() - began;
        gate.Open();
        counter.Wait();
        var lap = new Lap(submitted, Stopwatch.GetTimestamp() - began, 0);
        return new Measurement(lap, Cost.Read() - before);
    }

    private static void PostDelegates(Side side, int depth, RoundCounter counter)
    {
        for (var i = 0; i < depth; i++)
        {
            side.Post(static counter => counter.Hit(), counter);
        }
    }

    private static string[] Row(int depth, Series series)
    {
        var submit = Statistics.Median(series.Submitted) * 1000;
        var done = Statistics.Median(series.Done) * 1000;
        return
        [
            depth.ToString("N0", CultureInfo.InvariantCulture),
            series.Name,
            series.Count.ToString(CultureInfo.InvariantCulture),
            MarkdownTable.Figure(submit),
            MarkdownTable.Figure(done - submit),
            MarkdownTable.Figure(done),
            MarkdownTable.Figure(Statistics.Median(series.Bytes)),
            MarkdownTable.Figure(Statistics.Median(series.Processor) * 1000),
            series.Collections,
            MarkdownTable.Figure(series.Pause * 1000),
        ];
    }

    private sealed record Held(Gate Gate, RoundCounter Counter)
    {
        public void Pass()
        {
            Gate.Pass();
            Counter.Hit();
        }
    }
}
