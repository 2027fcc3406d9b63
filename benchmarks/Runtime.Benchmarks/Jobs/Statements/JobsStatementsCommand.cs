using System.Globalization;
using Runtime.Benchmarks.Harness;
using Runtime.Benchmarks.Jobs.Nodes;
using Runtime.Benchmarks.Jobs.Peers;

namespace Runtime.Benchmarks.Jobs.Statements;

/// <summary>What durable jobs ask of PostgreSQL: statements, commits and syncs for each job, and while there is nothing to do.</summary>
internal sealed class JobsStatementsCommand : BenchmarkCommand
{
    private const int WarmUp = 500;
    private static readonly TimeSpan Calm = TimeSpan.FromSeconds(20);

    public override string Name => "jobs-statements";

    public override string Summary => "statements, commits and syncs of PostgreSQL for each durable job, Quartz's too; and each second while idle, of 1, 2 and 4 processes";

    public override IReadOnlyList<Option> Options { get; } =
    [
        new("postgresql", "", "connection string of a database that nobody else uses meanwhile; statements are counted where it has the extension pg_stat_statements"),
        new("jobs", "20000", "jobs of ours; one by one a quarter of it"),
        new("quartz", "2000", "jobs of Quartz"),
        new("processes", "1,2,4", "how many processes are idle, in turn"),
        new("idle", "60", "for how many seconds"),
    ];

    public override async Task<int> RunAsync(Arguments arguments, TextWriter output)
    {
        var machine = new Machine();
        var places = new JobStorePlaces("", arguments.Text("postgresql"), Finished: 0);
        Machine.WriteHead(output, "statements and commits of durable jobs on PostgreSQL");
        var table = new MarkdownTable("jobs", "enqueued", "statements/job", "commits/job", "syncs/job", "log bytes/job");
        foreach (var shape in EnqueueShape.All)
        {
            await using var ours = new OursDurableContender("ours", "postgresql", places, shape);
            await AddAsync(table, ours, shape, places, arguments.Integer("jobs") / (shape is { Enqueuers: 1, Batch: 1 } ? 4 : 1));
        }

        foreach (var schedule in (bool[])[false, true])
        {
            foreach (var shape in EnqueueShape.All.Where(static shape => shape.Batch == 1))
            {
                await using var quartz = new QuartzDurableContender(new(schedule, Concurrency: 64, LockOnInsert: false), QuartzPlace.Of("postgresql", places, connections: 8), shape);
                await AddAsync(table, quartz, shape, places, arguments.Integer("quartz"));
            }
        }

        table.WriteTo(output);
        await WriteIdleAsync(output, places.ConnectionString, arguments);
        machine.WriteNoise(output);
        return 0;
    }

    private static async Task AddAsync(MarkdownTable table, Contender contender, EnqueueShape shape, JobStorePlaces places, int jobs)
    {
        await contender.StartAsync();
        await contender.RunAsync(WarmUp);
        var before = await ServerCounters.ReadAsync(places.ConnectionString);
        await contender.RunAsync(jobs);
        var done = await ServerCounters.ReadAsync(places.ConnectionString) - before;
        table.Add(contender.Name, shape.Name, Each(done.Statements, jobs), Each(done.Commits, jobs), Each(done.Syncs, jobs), Each(done.LogBytes, jobs));
    }

    private static async Task WriteIdleAsync(TextWriter output, string connectionString, Arguments arguments)
    {
        var table = new MarkdownTable("idle processes", "statements/s of each", "commits/s of each", "syncs/s of all");
        var span = TimeSpan.FromSeconds(arguments.Integer("idle"));
        foreach (var count in arguments.Text("processes").Split(',').Select(static number => int.Parse(number, CultureInfo.InvariantCulture)))
        {
            await using var schema = new SharedSchema(connectionString);
            await using var nodes = await NodeProcesses.StartAsync(schema, count);
            await nodes.EnqueueAsync(WarmUp, 64, 1);
            await schema.WaitUntilOverAsync();
            await Task.Delay(Calm, TimeProvider.System); // they look more and more rarely
            var before = await ServerCounters.ReadAsync(connectionString);
            await Task.Delay(span - ServerCounters.Settling, TimeProvider.System);
            var done = await ServerCounters.ReadAsync(connectionString) - before;
            table.Add(
                count.ToString(CultureInfo.InvariantCulture), Each(done.Statements, span.TotalSeconds * count), Each(done.Commits, span.TotalSeconds * count), Each(done.Syncs, span.TotalSeconds));
        }

        table.WriteTo(output);
        await output.WriteLineAsync("The reading of the counters is among them: five statements.\n");
    }

    private static string Each(long count, double by) => MarkdownTable.Figure(count < 0 ? double.NaN : count / by);
}
