using Runtime.Core.Execution;

namespace Runtime.Benchmarks.Scheduler.CurrentThread;

/// <summary>This project's executor of one thread, driven by the contender's.</summary>
internal sealed class ExecutorContender(ExecutorShape shape) : ShapeContender(ContenderName, shape)
{
    public const string ContenderName = "executor";

    private readonly SingleThreadedExecutor _executor = new();

    public override string Settings => "SingleThreadedExecutor with its defaults";

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync(); // the driver first: one thread at a time may drive, and the stop does
        _executor.Dispose();
    }

    protected override void Prepare() => shape.Prepare(_executor);

    protected override void Run() => shape.RunOn(_executor);
}
