using System.Diagnostics;
using System.Globalization;
using Runtime.Benchmarks.Harness;
using Runtime.Benchmarks.Queue;

namespace Runtime.Benchmarks.Scheduler.Studies;

/// <summary>How long items wait when one in a hundred takes a thousand times as long as the others.</summary>
internal sealed class WaitStudy : Study
{
    private const int BurstSize = 100;
    private const int LongOneIn = 100;
    private const int Bursts = 300;
    private const double ShortMicroseconds = 1;
    private const double LongMicroseconds = 1_000;
    private const int Seed = 20;
    private static readonly long BurstTicks = Stopwatch.Frequency / 1_000;

    private readonly Burner _short = new(ShortMicroseconds);
    private readonly Burner _long = new(LongMicroseconds);

    public override string Name => "wait";

    public override async Task RunAsync(StudyContext context, TextWriter output)
    {
        var sides = await Side.StartAsync(context.Settings);
        using var driver = new DriverThread();
        var waits = sides.ToDictionary(s => s, _ => new List<double>());
        var processor = sides.ToDictionary(s => s, _ => new List<double>());
        for (var round = 0; round <= (context.Quick ? 3 : 10); round++)
        {
            foreach (var side in round % 2 == 0 ? sides : sides.Reverse())
            {
                var before = Cost.Read();
                var measured = await driver.RunAsync(() => Round(side));
                if (round > 0)
                {
                    waits[side].AddRange(measured);
                    processor[side].Add((Cost.Read() - before).Processor * 1e6 / measured.Length);
                }
            }
        }

        await output.WriteLineAsync($"### Wait from post to start (µs): bursts of {BurstSize} every millisecond, 99 % take 1 µs and 1 % take 1 ms\n");
        var table = new MarkdownTable("contender", "items", "p50", "p90", "p99", "p99.9", "max", "CPU µs/item");
        foreach (var side in sides)
        {
            string Quantile(double q) => MarkdownTable.Figure(Statistics.Quantile(waits[side], q));
            table.Add(
                side.Name,
                waits[side].Count.ToString("N0", CultureInfo.InvariantCulture),
                Quantile(0.5),
                Quantile(0.9),
                Quantile(0.99),
                Quantile(0.999),
                Quantile(1),
                MarkdownTable.Figure(Statistics.Median(processor[side])));
            await side.DisposeAsync();
        }

        table.WriteTo(output);
    }

    private double[] Round(Side side)
    {
        var random = new Random(Seed);
        using var countdown = new Countdown();
        Item[] items = [.. Enumerable.Range(0, Bursts * BurstSize).Select(_ => new Item(random.Next(LongOneIn) == 0 ? _long : _short, countdown))];
        countdown.Reset(items.Length);
        var due = Stopwatch.GetTimestamp();
        for (var burst = 0; burst < Bursts; burst++)
        {
            while (Stopwatch.GetTimestamp() < due)
            {
                Thread.Sleep(1);
            }

            due += BurstTicks;
            for (var i = burst * BurstSize; i < (burst + 1) * BurstSize; i++)
            {
                items[i].Posted = Stopwatch.GetTimestamp();
                side.Post(static item => item.Run(), items[i]);
            }
        }

        countdown.Wait();
        return [.. items.Select(i => Stopwatch.GetElapsedTime(i.Posted, i.Started).TotalMicroseconds)];
    }

    private sealed class Item(Burner burner, Countdown countdown)
    {
        public long Posted { get; set; }

        public long Started { get; private set; }

        public void Run()
        {
            Started = Stopwatch.GetTimestamp();
            GC.KeepAlive(burner.Run());
            countdown.Hit();
        }
    }
}
