using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using Runtime.Benchmarks.Harness;
using Runtime.Core;

namespace Runtime.Benchmarks.Timers;

/// <summary>Begins so many delays with one token, cancels it, and awaits them all: without an exception for each, which would cost more than the rest together.</summary>
internal sealed class DelayContender(AsyncRuntime runtime, TimerKit kit, AsyncRuntime? home) : TimerContender(kit, home)
{
    private ValueTask<bool>[] _delays = [];

    [SuppressMessage("Reliability", "CA2012:Use ValueTasks correctly", Justification = "Each is awaited once")]
    protected override async ValueTask<long> LoopAsync(int operations, long began)
    {
        if (_delays.Length < operations)
        {
            _delays = new ValueTask<bool>[operations];
        }

        using var source = new CancellationTokenSource();
        for (var i = 0; i < operations; i++)
        {
            _delays[i] = runtime.TryDelay(Distant(i), source.Token);
        }

        var armed = Stopwatch.GetTimestamp() - began;
        await source.CancelAsync();
        for (var i = 0; i < operations; i++)
        {
            if (await _delays[i])
            {
                throw new InvalidOperationException("A delay has elapsed before its time.");
            }
        }

        return armed;
    }
}

/// <summary>The same with <see cref="Task.Delay(TimeSpan, CancellationToken)"/>.</summary>
internal sealed class TaskDelayContender(TimerKit kit) : TimerContender(kit, home: null)
{
    private Task[] _delays = [];

    [SuppressMessage("ApiDesign", "RS0030:Do not use banned APIs", Justification = "It is what is measured")]
    protected override async ValueTask<long> LoopAsync(int operations, long began)
    {
        if (_delays.Length < operations)
        {
            _delays = new Task[operations];
        }

        using var source = new CancellationTokenSource();
        for (var i = 0; i < operations; i++)
        {
            _delays[i] = Task.Delay(Distant(i), source.Token);
        }

        var armed = Stopwatch.GetTimestamp() - began;
        await source.CancelAsync();
        for (var i = 0; i < operations; i++)
        {
            await _delays[i].ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        return armed;
    }
}

/// <summary>So many loops at once that each wait a moment, again and again: timers that are awaited and fire.</summary>
internal sealed class SleepersContender(TimerKit kit, AsyncRuntime? home, int sleepers) : Contender(kit.Name)
{
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(5);

    public override Task StartAsync() => Task.CompletedTask;

    public override async Task<Lap> RunAsync(int operations)
    {
        var began = Stopwatch.GetTimestamp();
        var turns = operations / sleepers;
        await Task.WhenAll(Enumerable.Range(0, sleepers).Select(_ => home is null ? SleepAsync(turns) : home.Spawn(_ => SleepAsync(home, turns))));
        return new Lap(0, Stopwatch.GetTimestamp() - began, 0);
    }

    public override ValueTask DisposeAsync() => default;

    private static async ValueTask SleepAsync(AsyncRuntime runtime, int turns)
    {
        for (var i = 0; i < turns; i++)
        {
            await runtime.Delay(Moment);
        }
    }

    [SuppressMessage("ApiDesign", "RS0030:Do not use banned APIs", Justification = "It is what is measured")]
    private static async Task SleepAsync(int turns)
    {
        for (var i = 0; i < turns; i++)
        {
            await Task.Delay(Moment);
        }
    }
}
