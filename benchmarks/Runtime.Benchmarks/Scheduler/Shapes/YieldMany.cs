using Runtime.Core;

namespace Runtime.Benchmarks.Scheduler.Shapes;

/// <summary>Tokio's bench: 200 tasks that yield 1,000 times each.</summary>
internal sealed class YieldMany : Shape
{
    private const int Tasks = 200;
    private const int Yields = 1_000;

    private readonly Func<CancellationToken, ValueTask> _body;
    private readonly Func<Task> _poolBody;

    public YieldMany()
        : base("yield_many", Tasks * Yields)
    {
        _body = async _ =>
        {
            for (var i = 0; i < Yields; i++)
            {
                await AsyncRuntime.Yield();
            }

            Countdown.Hit();
        };
        _poolBody = async () =>
        {
            for (var i = 0; i < Yields; i++)
            {
                await Task.Yield();
            }

            Countdown.Hit();
        };
    }

    public override void RunOn(AsyncRuntime runtime)
    {
        Countdown.Reset(Tasks);
        for (var i = 0; i < Tasks; i++)
        {
            _ = runtime.Spawn(_body);
        }

        Countdown.Wait();
    }

    public override void RunOnPool()
    {
        Countdown.Reset(Tasks);
        for (var i = 0; i < Tasks; i++)
        {
            _ = Task.Run(_poolBody);
        }

        Countdown.Wait();
    }
}
