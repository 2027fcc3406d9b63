using System.Globalization;
using Runtime.Benchmarks.Harness;

namespace Runtime.Benchmarks.Jobs.Peers;

/// <summary>Durable jobs beside Quartz's on the same database.</summary>
internal sealed class JobsQuartzCommand : BenchmarkCommand
{
    private static readonly int[] Concurrencies = [10, 64];

    public override string Name => "jobs-quartz";

    public override string Summary => "durable jobs one by one beside Quartz's one-off jobs, in SQLite files and in one PostgreSQL, in turn";

    public override IReadOnlyList<Option> Options { get; } =
    [
        new("items", "1000", "jobs of each of Quartz's rounds"),
        new("repeats", "10", "how many times as many a round of ours has"),
        new("warmup", "2", "rounds before those that count"),
        new("rounds", "7", "rounds; the median counts"),
        new("seconds", "600", "the most that the rounds of one table may take"),
        new("postgresql", "", "connection string of a database to use too; it gets schemas that are dropped afterwards"),
        new("stores", "sqlite,postgresql", "which stores; postgresql only with a connection string"),
        new("shapes", "0,1", "how jobs are enqueued: 0 one by one, 1 by 64 callers"),
        new("connections", "8", "how many connections to PostgreSQL each of Quartz's contenders may have"),
        new("folder", "", "where the files are; default: the system's temporary folder"),
        new("only", "", "names, or beginnings of names, of the contenders to run, comma separated"),
        new("skip", "", "the same, of those not to run"),
    ];

    public override async Task<int> RunAsync(Arguments arguments, TextWriter output)
    {
        var machine = new Machine();
        var alternation = Alternation.From(arguments);
        var places = new JobStorePlaces(arguments.Text("folder"), arguments.Text("postgresql"), Finished: 0);
        Machine.WriteHead(output, $"jobs beside Quartz: rounds of {alternation.Operations:N0} no-op jobs, of ours {alternation.Operations * alternation.Repeats:N0}");
        var connections = arguments.Integer("connections");
        foreach (var store in arguments.Text("stores").Split(',').Where(store => store != "postgresql" || places.ConnectionString.Length > 0))
        {
            var all = new List<Series>();
            foreach (var shape in arguments.Text("shapes").Split(',').Select(static number => EnqueueShape.All[int.Parse(number, CultureInfo.InvariantCulture)]))
            {
                await output.WriteLineAsync($"### {store}, {shape.Name}\n");
                Contender[] contenders = [new OursDurableContender("ours", store, places, shape), .. SetupsFor(store).Select(setup => new QuartzDurableContender(setup, QuartzPlace.Of(store, places, connections), shape))];
                var results = await ContenderSet.RunAsync(arguments.Choose(contenders, static contender => contender.Name), alternation.RunAsync);
                var best = results.Where(static result => result.Name != "ours").MinBy(static result => Statistics.Median(result.Done)) ?? results[0];
                ThroughputReport.Write(output, results, best.Name);
                ThroughputReport.WriteLead(output, results, "ours");
                all.AddRange(results);
            }

            ThroughputReport.WriteSettings(output, all);
        }

        machine.WriteNoise(output);
        return 0;
    }

    // SQLite has one writer whatever is set, so there is nothing to gain there from callers that do not wait for each other.
    private static IEnumerable<QuartzSetup> SetupsFor(string store) =>
        from schedule in (bool[])[false, true]
        from concurrency in Concurrencies
        from locked in store == "sqlite" ? (bool[])[true] : [true, false]
        select new QuartzSetup(schedule, concurrency, locked);
}
