using Runtime.Core;

namespace Runtime.Benchmarks.Scheduler.Shapes;

/// <summary>Tokio's bench: the workers are busy with twice as many tasks as workers, which burn and yield.</summary>
internal sealed class SpawnManyRemoteBusy1() : SpawnManyRemoteIdle("spawn_many_remote_busy1", 10_000, repeats: 1)
{
    private readonly BackgroundLoad _load = new();

    public override void Prepare(AsyncRuntime? runtime) => _load.StartYielding(runtime, 2 * (runtime?.WorkerCount ?? Environment.ProcessorCount));

    public override void CleanUp() => _load.Stop();

    protected override void Dispose(bool disposing)
    {
        _load.Dispose();
        base.Dispose(disposing);
    }
}

/// <summary>Tokio's bench: the workers are busy with as many chains of tasks that burn and spawn their successors.</summary>
internal sealed class SpawnManyRemoteBusy2() : SpawnManyRemoteIdle("spawn_many_remote_busy2", 1_000, repeats: 1)
{
    private readonly BackgroundLoad _load = new();

    public override void Prepare(AsyncRuntime? runtime) => _load.StartChains(runtime, runtime?.WorkerCount ?? Environment.ProcessorCount);

    public override void CleanUp() => _load.Stop();

    protected override void Dispose(bool disposing)
    {
        _load.Dispose();
        base.Dispose(disposing);
    }
}
