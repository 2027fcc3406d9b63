using System.Diagnostics;
using Runtime.Benchmarks.Harness;
using Runtime.Core;

namespace Runtime.Benchmarks.Timers;

/// <summary>Works with timers on one thread: a worker of the runtime, or a thread of the ThreadPool for the system's own.</summary>
internal abstract class TimerContender(TimerKit kit, AsyncRuntime? home) : Contender(kit.Name)
{
    protected TimerKit Kit => kit;

    public override Task StartAsync() => Task.CompletedTask;

    public override Task<Lap> RunAsync(int operations)
    {
        return home is null ? RoundAsync() : home.Spawn(async _ => await RoundAsync());

        async Task<Lap> RoundAsync()
        {
            var began = Stopwatch.GetTimestamp();
            var submitted = await LoopAsync(operations, began);
            return new Lap(submitted, Stopwatch.GetTimestamp() - began, 0);
        }
    }

    public override ValueTask DisposeAsync() => default;

    /// <returns>When the first half of it was done, in ticks since <paramref name="began"/>.</returns>
    protected abstract ValueTask<long> LoopAsync(int operations, long began);

    /// <summary>A time-out as servers have them: half a minute to five, spread.</summary>
    protected static TimeSpan Distant(int number) => TimeSpan.FromMilliseconds(30_000 + (number * 2_654_435_761L % 270_000));
}

/// <summary>Arms so many timers, then cancels them, the oldest first.</summary>
internal sealed class ArmCancelContender(TimerKit kit, AsyncRuntime? home) : TimerContender(kit, home)
{
    private ITimer?[] _timers = [];

    protected override ValueTask<long> LoopAsync(int operations, long began)
    {
        if (_timers.Length < operations)
        {
            _timers = new ITimer[operations];
        }

        for (var i = 0; i < operations; i++)
        {
            _timers[i] = Kit.Create(static _ => { }, null, Distant(i), Timeout.InfiniteTimeSpan);
        }

        var armed = Stopwatch.GetTimestamp() - began;
        for (var i = 0; i < operations; i++)
        {
            _timers[i]!.Dispose();
            _timers[i] = null;
        }

        return new ValueTask<long>(armed);
    }
}

/// <summary>Arms one timer and cancels it, again and again: the time-out of a call that answers at once.</summary>
internal sealed class TimeoutContender(TimerKit kit, AsyncRuntime? home) : TimerContender(kit, home)
{
    private ITimer? _timer;

    protected override ValueTask<long> LoopAsync(int operations, long began)
    {
        for (var i = 0; i < operations; i++)
        {
            _timer = Kit.Create(static _ => { }, null, Distant(i), Timeout.InfiniteTimeSpan);
            _timer.Dispose();
        }

        return default;
    }
}

/// <summary>Moves the deadline of timers that live on: the idle time-out of a connection.</summary>
internal sealed class RearmContender(TimerKit kit, AsyncRuntime? home, int timers) : TimerContender(kit, home)
{
    private readonly ITimer[] _timers = new ITimer[timers];

    public override Task StartAsync()
    {
        for (var i = 0; i < _timers.Length; i++)
        {
            _timers[i] = Kit.Create(static _ => { }, null, Distant(i), Timeout.InfiniteTimeSpan);
        }

        return Task.CompletedTask;
    }

    public override async ValueTask DisposeAsync()
    {
        foreach (var timer in _timers)
        {
            await timer.DisposeAsync();
        }

        await base.DisposeAsync();
    }

    protected override ValueTask<long> LoopAsync(int operations, long began)
    {
        for (var i = 0; i < operations; i++)
        {
            _timers[i % _timers.Length].Change(Distant(i), Timeout.InfiniteTimeSpan);
        }

        return default;
    }
}
