using Runtime.Benchmarks.Scheduler.CurrentThread;
using Runtime.Benchmarks.Scheduler.Shapes;

namespace Runtime.Benchmarks.Scheduler;

/// <summary>All shapes, in the order of the report.</summary>
internal static class ShapeList
{
    private static readonly Func<Shape>[] Makers =
    [
        () => new SpawnFromWorker(),
        () => new SpawnManyLocal(),
        () => new SpawnManyRemoteIdle(),
        () => new SpawnManyRemoteBusy1(),
        () => new SpawnManyRemoteBusy2(),
        () => new YieldMany(),
        () => new PingPong(),
        () => new ChainedSpawn(),
        () => new SpawnResult(),
        () => new PostItem(),
        () => new PostDelegate(),
        () => new Producers(1),
        () => new Producers(2),
        () => new Producers(4),
        () => new Producers(8),
        () => new AwaitCompletionSource(),
        () => new DeepAwait(),
        () => new Fibonacci(),
        () => new Priorities("priorities_mixed", urgentOneIn: 1),
        () => new Priorities("priorities_some", urgentOneIn: 100),
    ];

    private static readonly Func<ExecutorShape>[] ExecutorMakers =
    [
        () => new ExecutorSpawnManyLocal(),
        () => new ExecutorSpawnManyRemoteIdle(),
        () => new ExecutorSpawnManyRemoteBusy(),
    ];

    /// <summary>Those that run on a runtime, or on the pool.</summary>
    public static IReadOnlyList<string> Names() => [.. Makers.Select(NameOf)];

    /// <summary>Those that run on the thread that drives.</summary>
    public static IReadOnlyList<string> ExecutorNames() => [.. ExecutorMakers.Select(NameOf)];

    public static Shape Make(string name) => Makers.First(m => NameOf(m) == name)();

    public static ExecutorShape MakeForExecutor(string name) => ExecutorMakers.First(m => NameOf(m) == name)();

    public static bool Has(string name) => Array.Exists(Makers, m => NameOf(m) == name) || IsForExecutor(name);

    public static bool IsForExecutor(string name) => Array.Exists(ExecutorMakers, m => NameOf(m) == name);

    /// <summary>How many operations a measurement has, in all its rounds.</summary>
    public static int OperationsOf(string name)
    {
        using Workload shape = IsForExecutor(name) ? MakeForExecutor(name) : Make(name);
        return shape.Operations * shape.Repeats;
    }

    private static string NameOf(Func<Workload> maker)
    {
        using var shape = maker();
        return shape.Name;
    }
}
