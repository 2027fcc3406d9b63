using Runtime.Core;

namespace Runtime.Benchmarks.Scheduler.Shapes;

/// <summary>Tokio's bench: one task spawns 1,000, each of which spawns a peer and plays one ball with it over two oneshots.</summary>
internal sealed class PingPong : Shape
{
    private readonly Func<CancellationToken, ValueTask> _parent;
    private readonly Func<CancellationToken, ValueTask> _ping;
    private readonly Action _poolParent;
    private readonly Func<Task> _poolPing;

    // Set before a round.
    private AsyncRuntime? _runtime;

    public PingPong()
        : base("ping_pong", 1_000, repeats: 50)
    {
        _ping = PingAsync;
        _parent = token =>
        {
            for (var i = 0; i < Operations; i++)
            {
                _ = _runtime!.Spawn(_ping);
            }

            return default;
        };
        _poolPing = PoolPingAsync;
        _poolParent = () =>
        {
            for (var i = 0; i < Operations; i++)
            {
                _ = Task.Run(_poolPing);
            }
        };
    }

    public override void Prepare(AsyncRuntime? runtime) => _runtime = runtime;

    public override void RunOn(AsyncRuntime runtime)
    {
        Countdown.Reset(Operations);
        _ = runtime.Spawn(_parent);
        Countdown.Wait();
    }

    public override void RunOnPool()
    {
        Countdown.Reset(Operations);
        _ = Task.Run(_poolParent);
        Countdown.Wait();
    }

    private static TaskCompletionSource Oneshot() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private async ValueTask PingAsync(CancellationToken cancellationToken)
    {
        var ball = Oneshot();
        var answer = Oneshot();
        _ = _runtime!.Spawn(async token =>
        {
            await ball.Task;
            answer.SetResult();
        });
        ball.SetResult();
        await answer.Task;
        Countdown.Hit();
    }

    private async Task PoolPingAsync()
    {
        var ball = Oneshot();
        var answer = Oneshot();
        _ = Task.Run(async () =>
        {
            await ball.Task;
            answer.SetResult();
        });
        ball.SetResult();
        await answer.Task;
        Countdown.Hit();
    }
}
