using System.Diagnostics;
using Runtime.Core;

namespace Runtime.Benchmarks.Scheduler;

/// <summary>What keeps the workers busy in Tokio's "busy" benches: tasks that burn 10 µs at a time.</summary>
/// <remarks>It runs only while its contender's round does; the other contender must not pay for it.</remarks>
internal sealed class BackgroundLoad : IDisposable
{
    private const double StallMicroseconds = 10;
    private static readonly long StallTicks = (long)(StallMicroseconds * 1e-6 * Stopwatch.Frequency);

    // How often each task has burnt, on average, when the load counts as running.
    private const int StallsBeforeStart = 4;

    private readonly Countdown _running = new();
    private readonly Countdown _ended = new();

    // Cleared by the driver; read by the tasks.
    private volatile bool _on;

    /// <summary>Starts tasks that yield and then burn, for ever, and returns when they do.</summary>
    public void StartYielding(AsyncRuntime? runtime, int tasks)
    {
        Begin(tasks);
        for (var i = 0; i < tasks; i++)
        {
            if (runtime is null)
            {
                _ = Task.Run(PoolYieldingAsync);
            }
            else
            {
                _ = runtime.Spawn(YieldingAsync);
            }
        }

        _running.Wait();
    }

    /// <summary>Starts chains of tasks of which each burns and then spawns the next, and returns when they run.</summary>
    public void StartChains(AsyncRuntime? runtime, int chains)
    {
        Begin(chains);
        Action link = runtime is null ? PoolLink : () => Link(runtime);
        for (var i = 0; i < chains; i++)
        {
            link();
        }

        _running.Wait();
    }

    /// <summary>Ends the load and waits until all of it has ended.</summary>
    public void Stop()
    {
        _on = false;
        _ended.Wait();
    }

    public void Dispose()
    {
        _running.Dispose();
        _ended.Dispose();
    }

    private void Begin(int tasks)
    {
        _running.Reset(tasks * StallsBeforeStart);
        _ended.Reset(tasks);
        _on = true;
    }

    private void Stall()
    {
        _running.Hit();
        var began = Stopwatch.GetTimestamp();
        while (Stopwatch.GetTimestamp() - began < StallTicks)
        {
            Thread.Yield();
        }
    }

    private async ValueTask YieldingAsync(CancellationToken cancellationToken)
    {
        while (_on)
        {
            await AsyncRuntime.Yield();
            Stall();
        }

        _ended.Hit();
    }

    private async Task PoolYieldingAsync()
    {
        while (_on)
        {
            await Task.Yield();
            Stall();
        }

        _ended.Hit();
    }

    private void Link(AsyncRuntime runtime) => _ = runtime.Spawn(token =>
    {
        if (_on)
        {
            Stall();
            Link(runtime);
        }
        else
        {
            _ended.Hit();
        }

        return default;
    });

    private void PoolLink() => _ = Task.Run(() =>
    {
        if (_on)
        {
            Stall();
            PoolLink();
        }
        else
        {
            _ended.Hit();
        }
    });
}
