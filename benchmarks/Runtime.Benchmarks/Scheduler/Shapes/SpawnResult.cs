using Runtime.Core;

namespace Runtime.Benchmarks.Scheduler.Shapes;

/// <summary>Tasks with a result from outside, awaited in order.</summary>
internal sealed class SpawnResult() : Shape("spawn_result", 10_000, repeats: 20)
{
    private static readonly Func<CancellationToken, ValueTask<int>> Body = static _ => new ValueTask<int>(1);
    private static readonly Func<int> PoolBody = static () => 1;

    private readonly List<Task<int>> _handles = new(10_000);

    public override void RunOn(AsyncRuntime runtime)
    {
        for (var i = 0; i < Operations; i++)
        {
            _handles.Add(runtime.Spawn(Body));
        }

        Collect();
    }

    public override void RunOnPool()
    {
        for (var i = 0; i < Operations; i++)
        {
            _handles.Add(Task.Run(PoolBody));
        }

        Collect();
    }

    private void Collect()
    {
        var sum = SumAsync().GetAwaiter().GetResult();
        _handles.Clear();
        if (sum != Operations)
        {
            throw new InvalidOperationException($"The results add up to {sum}, not to {Operations}.");
        }
    }

    private async Task<int> SumAsync()
    {
        var sum = 0;
        foreach (var handle in _handles)
        {
            sum += await handle;
        }

        return sum;
    }
}
