using Runtime.Benchmarks.Cleanup;
using Runtime.Benchmarks.Deadlines;
using Runtime.Benchmarks.Harness;
using Runtime.Benchmarks.IO;
using Runtime.Benchmarks.Jobs;
using Runtime.Benchmarks.Jobs.History;
using Runtime.Benchmarks.Jobs.Nodes;
using Runtime.Benchmarks.Jobs.Peers;
using Runtime.Benchmarks.Jobs.Statements;
using Runtime.Benchmarks.Latency;
using Runtime.Benchmarks.Memory;
using Runtime.Benchmarks.MetricsCost;
using Runtime.Benchmarks.Parts;
using Runtime.Benchmarks.Phases;
using Runtime.Benchmarks.Queue;
using Runtime.Benchmarks.Scheduler;
using Runtime.Benchmarks.Soak;
using Runtime.Benchmarks.StartStop;
using Runtime.Benchmarks.Timers;
using Runtime.Benchmarks.Tuning;
using Runtime.Benchmarks.Web;

BenchmarkCommand[] commands =
[
    new QueueCommand(),
    new LatencyCommand(),
    new SchedulerCommand(),
    new MemoryCommand(),
    new TimersCommand(),
    new CleanupCommand(),
    new DeadlinesCommand(),
    new JobsCommand(),
    new JobsQuartzCommand(),
    new JobsNodesCommand(),
    new JobsNodeCommand(),
    new JobsStatementsCommand(),
    new JobsHistoryCommand(),
    new IoCommand(),
    new IoLoadCommand(),
    new WebCommand(),
    new WebServerCommand(),
    new WebLoadCommand(),
    new MetricsCostCommand(),
    new SoakCommand(),
    new StartStopCommand(),
    new PhasesCommand(),
    new PartsCommand(),
    new TunerCommand(),
];

var command = args.Length == 0 ? null : Array.Find(commands, c => c.Name == args[0]);
if (command is null)
{
    await Console.Error.WriteLineAsync(Usage.Of(commands));
    return 2;
}

Arguments arguments;
try
{
    arguments = Arguments.Parse(args.AsSpan(1), command.Options);
}
catch (ArgumentException exception)
{
    await Console.Error.WriteLineAsync(exception.Message);
    return 2;
}

return await command.RunAsync(arguments, Console.Out);
