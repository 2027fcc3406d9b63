using Runtime.Core.Concurrency;

namespace Runtime.Core.Scheduling;

/// <summary>The workers that sleep until their <see cref="CpuShare"/> allows more. Thread safe.</summary>
/// <remarks>
/// Beside the <see cref="IdleSet"/>, as these are not to be woken for any work, only for what does not pay, and to end. Enter: under the lock, then a fence, then a last look; wake: publish, fence,
/// look at the count. So one of the two sees the other.
/// </remarks>
internal sealed class DebtorSet
{
    private readonly Lock _lock = new();

    // Under the lock.
    private readonly List<Sleeper> _sleepers = [];

    // Length of _sleepers.
    private AtomicInt32 _count;

    public int Count => _count.Value;

    /// <summary>Enters a worker, which then looks once more before it sleeps.</summary>
    public void Enter(Sleeper sleeper)
    {
        using (_lock.EnterScope())
        {
            _sleepers.Add(sleeper);
            _count.Value = _sleepers.Count;
        }

        Fence.Full(); // pairs with the fence before WakeOne, and that of whoever asks a worker to end
    }

    /// <summary>Takes a worker out.</summary>
    /// <returns><see langword="false"/> when a waker was first: its unpark is on the way and must be consumed.</returns>
    public bool Remove(Sleeper sleeper)
    {
        using (_lock.EnterScope())
        {
            var found = _sleepers.Remove(sleeper);
            _count.Value = _sleepers.Count;
            return found;
        }
    }

    /// <summary>Wakes a worker, if any sleeps. The caller has published what it is to look at and fenced.</summary>
    public void WakeOne()
    {
        Sleeper sleeper;
        using (_lock.EnterScope())
        {
            if (_sleepers.Count == 0)
            {
                return;
            }

            sleeper = _sleepers[^1];
            _sleepers.RemoveAt(_sleepers.Count - 1);
            _count.Value = _sleepers.Count;
        }

        sleeper.Unpark();
    }

    /// <summary>Wakes a certain worker, if it sleeps.</summary>
    public void Wake(Sleeper sleeper)
    {
        if (Remove(sleeper))
        {
            sleeper.Unpark();
        }
    }
}
