using System.Globalization;
using Runtime.Benchmarks.Harness;
using Runtime.Hosting;

namespace Runtime.Benchmarks.Jobs.Nodes;

/// <summary>One of the processes that share a database; started by others, which tell it line by line what to do.</summary>
internal sealed class JobsNodeCommand : BenchmarkCommand
{
    public override string Name => "jobs-node";

    public override string Summary => "one process of 'jobs-nodes', which starts it; reads what to do from its standard input";

    public override IReadOnlyList<Option> Options { get; } =
    [
        new("postgresql", "", "connection string"),
        new("schema", "", "the schema that the processes share"),
    ];

    public override async Task<int> RunAsync(Arguments arguments, TextWriter output)
    {
        await using var host = await JobsHost.StartAsync(JobStorePlace.OfShared(arguments.Text("postgresql"), arguments.Text("schema")));
        while (await Console.In.ReadLineAsync() is { } line)
        {
            var words = line.Split(' ');
            int Number(int index) => int.Parse(words[index], CultureInfo.InvariantCulture);
            switch (words[0])
            {
                case "enqueue":
                    await host.EnqueueAsync(new("", Number(2), Number(3)), Number(1));
                    break;
                case "pause":
                    await host.Jobs.PauseAsync(new JobPause(JobPauseScope.Queue, "default"));
                    break;
                case "resume":
                    await host.Jobs.ResumeAsync(JobPauseScope.Queue, "default");
                    break;
            }

            await output.WriteLineAsync("done");
            await output.FlushAsync();
        }

        return 0;
    }
}
