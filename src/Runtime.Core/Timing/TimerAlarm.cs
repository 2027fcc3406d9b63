// TimerAlarm: when each shard of the timers has to be looked at, and until when the timer thread sleeps.
//
// Shared words    written by                                                                  read by
//   _first[s]     whoever arms a timer in shard s, downwards, under the shard's lock            the thread, without the lock
//                 the thread, to what the wheel says, under the shard's lock
//   _sleepUntil   the thread                                                                   whoever has armed a timer
//
// Invariant:  _first[s] is not after the first deadline in shard s, whenever its lock is free.
// Protocol:   arm     under the lock: insert; lower _first if the deadline is before it. After the lock: look at _sleepUntil, and unpark the thread if it would sleep past the deadline.
//             thread  Awake into _sleepUntil; turn the wheels that are due; then the least of all _first into _sleepUntil, and look at all _first once more: sleep only if none is earlier.
//             Lowering and falling asleep are exchanges: one of the two sees the other's.
// Races:      Two who arm in one shard: only the first lowers. The second relies on that one's exchange, for the thread then comes to the shard no later than for the first, and finds both in the wheel.
//             It unparks all the same if it sees that it should: the first may be off its processor between its lock and its unpark.
// Sources:    the park protocol of Scheduling/IdleSet.cs; what goes wrong otherwise: tokio#3190, #6682. Tests: the model's Alarm suite, TimerServiceTests, TimerStressTests.
using System.Diagnostics;
using Runtime.Core.Concurrency;

namespace Runtime.Core.Timing;

/// <summary>The meeting point of those who arm timers and the thread that sleeps until the first one. See the head of the file.</summary>
internal sealed class TimerAlarm
{
    /// <summary>No tick: nothing to do, until somebody says so.</summary>
    public const long Never = long.MaxValue;

    /// <summary>The thread is awake, or must not sleep: less than every tick, so nobody wakes it.</summary>
    public const long Awake = -1;

#if MODEL
    private const int Stride = 1;
#else
    // Words of two shards are in different pairs of cache lines.
    private const int Stride = 16;
#endif

    private readonly int _shards;
    private readonly AtomicInt64[] _first;
    private AtomicInt64 _sleepUntil;

    public TimerAlarm(int shards)
    {
        _shards = shards;
        _first = new AtomicInt64[shards * Stride];
        for (var shard = 0; shard < shards; shard++)
        {
            _first[shard * Stride].Value = Never;
        }

        _sleepUntil.Value = Awake;
    }

    /// <summary>Gets when the thread will wake by itself, <see cref="Awake"/> or <see cref="Never"/>.</summary>
    public long SleepUntil => _sleepUntil.Value;

    /// <summary>Gets when a shard has to be looked at.</summary>
    public long FirstOf(int shard) => _first[shard * Stride].Value;

    /// <summary>A timer has been inserted. Under the shard's lock.</summary>
    public void Lower(int shard, long when)
    {
        ref var first = ref _first[shard * Stride];
        if (when < first.Plain)
        {
            first.Exchange(when); // pairs with the exchange in TryFallAsleep
        }
    }

    /// <summary>The wheel has been turned. Under the shard's lock, by the thread.</summary>
    public void Set(int shard, long first) => _first[shard * Stride].Value = first;

    /// <summary>Whether the thread would sleep past a tick. After the shard's lock.</summary>
    public bool IsMissing(long when) => when < _sleepUntil.Value;

    /// <summary>The thread will look at all shards before it sleeps. By the thread.</summary>
    public void WakeUp() => _sleepUntil.Value = Awake;

    /// <summary>Announces that the thread goes to sleep until the first shard has to be looked at. By the thread, which has turned every wheel that was due.</summary>
    /// <returns>That tick; <see cref="Awake"/> when it must not sleep, because somebody has come meanwhile.</returns>
    public long TryFallAsleep()
    {
        var until = FindFirst();
        Debug.Assert(until > Awake, "Ticks are not negative.");
        _sleepUntil.Exchange(until); // pairs with the exchange in Lower
        return FindFirst() < until ? Awake : until;
    }

    /// <summary>Gets the least of all that the shards say.</summary>
    public long FindFirst()
    {
        var first = Never;
        for (var shard = 0; shard < _shards; shard++)
        {
            first = Math.Min(first, FirstOf(shard));
        }

        return first;
    }
}
