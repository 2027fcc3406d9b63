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
        () => new Priorities(),
    ];

    public static IReadOnlyList<string> Names() => [.. Makers.Select(NameOf)];

    public static Shape Make(string name) => Makers.First(m => NameOf(m) == name)();

    public static bool Has(string name) => Array.Exists(Makers, m => NameOf(m) == name);

    public static int OperationsOf(string name)
    {
        using var shape = Make(name);
        return shape.Operations;
    }

    private static string NameOf(Func<Shape> maker)
    {
        using var shape = maker();
        return shape.Name;
    }
}
