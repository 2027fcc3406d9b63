using System.Diagnostics;
using System.Globalization;
using Runtime.Benchmarks.Harness;
using Runtime.Hosting;

namespace Runtime.Benchmarks.Jobs;

/// <summary>Durable jobs, end to end: enqueue, run, finish.</summary>
internal sealed class JobsCommand : BenchmarkCommand
{
    private const int Latencies = 200;

    public override string Name => "jobs";

    public override string Summary => "durable jobs end to end: in memory, in an SQLite file, in PostgreSQL; every enqueue synced before it is acknowledged";

    public override IReadOnlyList<Option> Options { get; } =
    [
        new("jobs", "20000", "jobs of each round"),
        new("rounds", "3", "rounds; the median counts"),
        new("postgresql", "", "connection string of a database to use too, e.g. Host=127.0.0.1;Port=5433;Username=x;Database=postgres; it gets a schema for each round, dropped after it"),
        new("stores", "memory,sqlite,postgresql", "which stores; postgresql only with a connection string"),
        new("shapes", "all", "how jobs are enqueued: all, or numbers with commas between: 0 one by one, 1 by 64 callers, 2 by 100 in a call"),
        new("finished", "0", "jobs that are over in each file and database from the beginning; filling them takes a while"),
        new("folder", "", "where the file is; default: the system's temporary folder"),
    ];

    public override async Task<int> RunAsync(Arguments arguments, TextWriter output)
    {
        var machine = new Machine();
        var jobs = arguments.Integer("jobs");
        Machine.WriteHead(output, $"jobs: {jobs:N0} no-op jobs a round");
        var table = new MarkdownTable("store", "enqueued", "jobs/s end to end", "enqueues/s", "B/job", "CPU µs/job", "least and most jobs/s");
        var places = new JobStorePlaces(arguments.Text("folder"), arguments.Text("postgresql"), arguments.Integer("finished"));
        var stores = arguments.Text("stores").Split(',').Where(store => store != "postgresql" || places.ConnectionString.Length > 0).ToArray();
        var shapes = arguments.Text("shapes") is "all" ? EnqueueShape.All : [.. arguments.Text("shapes").Split(',').Select(static number => EnqueueShape.All[int.Parse(number, CultureInfo.InvariantCulture)])];
        foreach (var store in stores)
        {
            foreach (var shape in shapes)
            {
                var rounds = new List<RoundFigures>();
                for (var round = 0; round < arguments.Integer("rounds"); round++)
                {
                    rounds.Add(await RunRoundAsync(store, places, shape, shape.Enqueuers == 1 && store != "memory" && shape.Batch == 1 ? jobs / 4 : jobs));
                }

                Add(table, store, shape, rounds);
            }
        }

        table.WriteTo(output);
        foreach (var store in stores)
        {
            await WriteLatencyAsync(output, store, places);
        }

        machine.WriteNoise(output);
        return 0;
    }

    private static void Add(MarkdownTable table, string store, EnqueueShape shape, List<RoundFigures> rounds)
    {
        var ends = rounds.Select(static round => round.JobsPerSecond).Order().ToList();
        table.Add(
            store, shape.Name, MarkdownTable.Figure(Statistics.Median(ends)), MarkdownTable.Figure(Statistics.Median([.. rounds.Select(static round => round.EnqueuesPerSecond)])),
            MarkdownTable.Figure(Statistics.Median([.. rounds.Select(static round => round.BytesPerJob)])),
            MarkdownTable.Figure(Statistics.Median([.. rounds.Select(static round => round.CpuMicrosecondsPerJob)])),
            $"{MarkdownTable.Figure(ends[0])} to {MarkdownTable.Figure(ends[^1])}");
    }

    private static async Task<RoundFigures> RunRoundAsync(string store, JobStorePlaces places, EnqueueShape shape, int count)
    {
        await using var host = await JobsHost.StartAsync(JobStorePlace.Of(store, places));
        await host.RunAsync(shape, 200); // statements are prepared and code is compiled
        GC.Collect();
        var (allocated, cpu, began) = (GC.GetTotalAllocatedBytes(precise: true), Environment.CpuUsage.TotalTime, Stopwatch.GetTimestamp());
        var enqueued = await host.RunAsync(shape, count);
        var elapsed = Stopwatch.GetElapsedTime(began);
        return new(
            count / elapsed.TotalSeconds, count / enqueued.TotalSeconds, (GC.GetTotalAllocatedBytes(precise: true) - allocated) / (double)count,
            (Environment.CpuUsage.TotalTime - cpu).TotalMicroseconds / count);
    }

    private static async Task WriteLatencyAsync(TextWriter output, string store, JobStorePlaces places)
    {
        await using var host = await JobsHost.StartAsync(JobStorePlace.Of(store, places));
        await host.RunAsync(EnqueueShape.All[0], 200);
        var starts = new List<double>();
        for (var i = 0; i < Latencies; i++)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System); // quiet again
            host.Counter.Reset(1);
            var began = Stopwatch.GetTimestamp();
            await host.Jobs.EnqueueAsync<CountingJob, NoArguments>(NoArguments.Value);
            await host.Counter.Done.Task;
            starts.Add(Stopwatch.GetElapsedTime(began, host.Counter.LastHit).TotalMicroseconds);
        }

        await output.WriteLineAsync(string.Create(
            CultureInfo.InvariantCulture,
            $"{store}: from the call of the enqueue to the job's first instruction, idle: p50 {Statistics.Median(starts):F0} µs, p99 {Statistics.Quantile(starts, 0.99):F0} µs."));
    }

    private sealed record RoundFigures(double JobsPerSecond, double EnqueuesPerSecond, double BytesPerJob, double CpuMicrosecondsPerJob);
}
