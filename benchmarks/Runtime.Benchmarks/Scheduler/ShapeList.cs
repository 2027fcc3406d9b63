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
        () => new YieldMany(),
        () => new PingPong(),
        () => new ChainedSpawn(),
        () => new SpawnResult(),
        () => new PostItem(),
        () => new PostDelegate(),
    ];

    public static IReadOnlyList<string> Names() => [.. Makers.Select(NameOf)];

    public static Shape Make(string name) => Makers.First(m => NameOf(m) == name)();

    private static string NameOf(Func<Shape> maker)
    {
        using var shape = maker();
        return shape.Name;
    }
}
