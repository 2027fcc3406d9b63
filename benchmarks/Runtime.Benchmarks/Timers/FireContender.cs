using System.Diagnostics;
using System.Runtime.InteropServices;
using Runtime.Benchmarks.Harness;

namespace Runtime.Benchmarks.Timers;

/// <summary>Arms timers that fall due at one moment, or in the same stretch of time, and waits for the last callback.</summary>
/// <remarks>What is timed is from the first callback to the last one. What it costs, in processor time, is from the first arming.</remarks>
internal sealed class FireContender(TimerKit kit, TimeSpan window) : Contender(kit.Name)
{
    // Long enough to arm them all before the first one is due.
    private static readonly TimeSpan Lead = TimeSpan.FromMilliseconds(250);

    private readonly TimerCallback _callback = static self => ((FireContender)self!).Count();

    // Callbacks, by thread, each count in cache lines of its own: a shared one would cost more than what is measured.
    private readonly Stripe[] _stripes = new Stripe[64];
    private ITimer[] _timers = [];
    private long _first;

    public override Task StartAsync() => Task.CompletedTask;

    public override Task<Lap> RunAsync(int operations)
    {
        _timers = new ITimer[operations];
        _stripes.AsSpan().Clear();
        Volatile.Write(ref _first, 0);
        var began = Stopwatch.GetTimestamp();
        for (var i = 0; i < operations; i++)
        {
            var due = Lead + (window * ((double)(i * 7_919L % operations) / operations)) - Stopwatch.GetElapsedTime(began);
            _timers[i] = kit.Create(_callback, this, due > TimeSpan.Zero ? due : TimeSpan.Zero, Timeout.InfiniteTimeSpan);
        }

        var armed = Stopwatch.GetTimestamp() - began;
        while (_stripes.Sum(static s => Volatile.Read(in s.Count)) < operations)
        {
            Thread.Sleep(1); // the end is seen half a millisecond late, on the average, whoever fires
        }

        return Task.FromResult(new Lap(armed, Stopwatch.GetTimestamp() - Volatile.Read(ref _first), 0));
    }

    public override async ValueTask DisposeAsync()
    {
        foreach (var timer in _timers)
        {
            await timer.DisposeAsync();
        }
    }

    private void Count()
    {
        if (_first == 0)
        {
            Interlocked.CompareExchange(ref _first, Stopwatch.GetTimestamp(), 0);
        }

        Interlocked.Increment(ref _stripes[Environment.CurrentManagedThreadId % _stripes.Length].Count);
    }

    [StructLayout(LayoutKind.Sequential, Size = 128)]
    private struct Stripe
    {
        public long Count;
    }
}
