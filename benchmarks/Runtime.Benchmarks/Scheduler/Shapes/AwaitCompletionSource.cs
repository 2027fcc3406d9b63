using Runtime.Core;

namespace Runtime.Benchmarks.Scheduler.Shapes;

/// <summary>Two tasks hand a ball to and fro over the BCL's own <see cref="TaskCompletionSource"/>; an operation is one await.</summary>
internal sealed class AwaitCompletionSource() : Shape("await_tcs", 2 * Turns, repeats: 5)
{
    private const int Turns = 10_000;

    private readonly TaskCompletionSource[] _there = new TaskCompletionSource[Turns];
    private readonly TaskCompletionSource[] _back = new TaskCompletionSource[Turns];

    public override void Prepare(AsyncRuntime? runtime)
    {
        for (var i = 0; i < Turns; i++)
        {
            _there[i] = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _back[i] = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    public override void RunOn(AsyncRuntime runtime)
    {
        Countdown.Reset(2);
        _ = runtime.Spawn(_ => new ValueTask(ServeAsync()));
        _ = runtime.Spawn(_ => new ValueTask(ReturnAsync()));
        Countdown.Wait();
    }

    public override void RunOnPool()
    {
        Countdown.Reset(2);
        _ = Task.Run(ServeAsync);
        _ = Task.Run(ReturnAsync);
        Countdown.Wait();
    }

    private async Task ServeAsync()
    {
        for (var i = 0; i < Turns; i++)
        {
            _there[i].SetResult();
            await _back[i].Task;
        }

        Countdown.Hit();
    }

    private async Task ReturnAsync()
    {
        for (var i = 0; i < Turns; i++)
        {
            await _there[i].Task;
            _back[i].SetResult();
        }

        Countdown.Hit();
    }
}
