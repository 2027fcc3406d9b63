using Runtime.Core;

namespace Runtime.Benchmarks.Scheduler.Shapes;

/// <summary>A task awaits a chain of 1,000 methods of which the innermost is suspended, 50 times; an operation is one level of it.</summary>
internal sealed class DeepAwait() : Shape("deep_await", Chains * Depth)
{
    private const int Chains = 50;
    private const int Depth = 1_000;

    public override void RunOn(AsyncRuntime runtime)
    {
        Countdown.Reset(1);
        _ = runtime.Spawn(_ => new ValueTask(DescendRepeatedlyAsync()));
        Countdown.Wait();
    }

    public override void RunOnPool()
    {
        Countdown.Reset(1);
        _ = Task.Run(DescendRepeatedlyAsync);
        Countdown.Wait();
    }

    private static async ValueTask DescendAsync(Task gate, int depth)
    {
        if (depth == 0)
        {
            await gate;
            return;
        }

        await DescendAsync(gate, depth - 1);
    }

    private async Task DescendRepeatedlyAsync()
    {
        for (var i = 0; i < Chains; i++)
        {
            // Opened only when all levels are suspended: otherwise another thread might end the innermost while the outer ones still run.
            var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            var chain = DescendAsync(gate.Task, Depth);
            gate.SetResult();
            await chain;
        }

        Countdown.Hit();
    }
}
