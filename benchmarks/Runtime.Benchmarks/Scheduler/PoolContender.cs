namespace Runtime.Benchmarks.Scheduler;

/// <summary>The process's thread pool.</summary>
internal sealed class PoolContender(Shape shape) : ShapeContender(ContenderName, shape)
{
    public const string ContenderName = "threadpool";

    public override string Settings => "the process's thread pool with its defaults: Task.Run, ThreadPool.UnsafeQueueUserWorkItem, Task.Yield";

    protected override void Prepare() => shape.Prepare(runtime: null);

    protected override void Run() => shape.RunOnPool();
}
