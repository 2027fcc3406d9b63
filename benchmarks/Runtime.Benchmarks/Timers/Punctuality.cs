using System.Diagnostics;
using System.Globalization;
using Runtime.Benchmarks.Harness;
using Runtime.Core;

namespace Runtime.Benchmarks.Timers;

/// <summary>A hundred timers that tick every second: how late each tick is, on an idle machine and beside a storm of computing.</summary>
internal sealed class Punctuality(TimeSpan length)
{
    private const int Timers = 100;
    private const int InFlight = 64;
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(1);

    // One item of the storm: a millisecond of computing, which nothing interrupts.
    private static readonly TimeSpan Item = TimeSpan.FromMilliseconds(1);

    public async Task WriteAsync(AsyncRuntime runtime, TextWriter output)
    {
        var table = new MarkdownTable("beside", "timers", "ticks", "p50 ms", "p99 ms", "max ms", "missed", "CPU ms/s");
        Add(table, "nothing", await MeasureAsync(new RuntimeKit(runtime), null));
        Add(table, "nothing", await MeasureAsync(new SystemKit(), null));
        Add(table, "a storm where they run", await MeasureAsync(new RuntimeKit(runtime), done => runtime.Post(done)));
        Add(table, "a storm where they run", await MeasureAsync(new SystemKit(), static done => ThreadPool.UnsafeQueueUserWorkItem(static done => done(), done, preferLocal: false)));
        table.WriteTo(output);
    }

    private static void Add(MarkdownTable table, string beside, Result result)
    {
        double[] sorted = [.. result.Lateness.Order()];
        table.Add(
            beside,
            result.Name,
            sorted.Length.ToString(CultureInfo.InvariantCulture),
            MarkdownTable.Figure(Statistics.Quantile(sorted, 0.5)),
            MarkdownTable.Figure(Statistics.Quantile(sorted, 0.99)),
            MarkdownTable.Figure(sorted.DefaultIfEmpty(double.NaN).Max()),
            result.Missed.ToString(CultureInfo.InvariantCulture),
            MarkdownTable.Figure(1_000 * result.ProcessorShare));
    }

    private static void Spin()
    {
        var began = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(began) < Item)
        {
        }
    }

    private async Task<Result> MeasureAsync(TimerKit kit, Action<Action>? post)
    {
        var over = false;
        var live = 0;
        if (post is not null)
        {
            for (; live < InFlight; live++)
            {
                post(Storm);
            }
        }

        // Lateness is counted against the clock of the first arming: an error of the rate would add up.
        var ticks = new List<double>[Timers];
        var timers = new ITimer[Timers];
        for (var i = 0; i < Timers; i++)
        {
            var mine = ticks[i] = [];
            var first = Period + TimeSpan.FromMilliseconds(i * 7 % 1_000);
            var began = Stopwatch.GetTimestamp();
            timers[i] = kit.Create(_ => mine.Add((Stopwatch.GetElapsedTime(began) - first - (mine.Count * Period)).TotalMilliseconds), null, first, Period);
        }

        var before = Cost.Read();
        var start = Stopwatch.GetTimestamp();
        await Task.Delay(length + Period, TimeProvider.System);
        var cost = Cost.Read() - before;
        var spent = Stopwatch.GetElapsedTime(start);
        foreach (var timer in timers)
        {
            await timer.DisposeAsync();
        }

        Volatile.Write(ref over, true);
        while (Volatile.Read(ref live) > 0)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System);
        }

        // A tick that came a whole period late is one that was missed: those after it are on time again.
        var expected = Timers * (int)length.TotalSeconds;
        var all = ticks.SelectMany(static t => t).ToList();
        return new Result(kit.Name, all, Math.Max(0, expected - all.Count), cost.Processor / spent.TotalSeconds);

        void Storm()
        {
            Spin();
            if (Volatile.Read(ref over))
            {
                Interlocked.Decrement(ref live);
            }
            else
            {
                post!(Storm);
            }
        }
    }

    private sealed record Result(string Name, IReadOnlyList<double> Lateness, int Missed, double ProcessorShare);
}
