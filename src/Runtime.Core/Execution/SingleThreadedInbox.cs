namespace Runtime.Core.Execution;

/// <summary>What other threads bring, until the driving thread fetches it.</summary>
/// <remarks>
/// Any thread posts; one thread, the driver, fetches and closes. The driver takes everything at once: it changes the arrays under the lock and
/// copies outside it. No wake-up is lost: the post that finds the inbox empty unparks, and the parker keeps a token that comes before the park;
/// the driver parks only after a fetch that found nothing, so whatever comes after that fetch finds it empty.
/// </remarks>
internal sealed class SingleThreadedInbox
{
    private const int Initial = 16;
    private const int MostRetained = 65_536;

    private readonly Lock _lock = new();

    // What has come, and how much. Under the lock.
    private SingleThreadedContinuation[] _items = new SingleThreadedContinuation[Initial];
    private int _count;

    // Set once, under the lock: nothing is taken any more.
    private bool _closed;

    // The array for the next change. Driver only.
    private SingleThreadedContinuation[] _spare = new SingleThreadedContinuation[Initial];

    // Whether anything has come. Written under the lock, read by the driver before each continuation; true is seen soon, and at the latest after a park.
    private volatile bool _hasItems;

    public bool HasItems => _hasItems;

    /// <summary>Adds one. False when the inbox is closed.</summary>
    /// <param name="item">What to run.</param>
    /// <param name="isFirst">Whether the driver may be asleep for want of it: the caller unparks.</param>
    public bool TryPost(in SingleThreadedContinuation item, out bool isFirst)
    {
        lock (_lock)
        {
            isFirst = _count == 0;
            if (_closed)
            {
                return false;
            }

            if (_count == _items.Length)
            {
                Array.Resize(ref _items, 2 * _count);
            }

            _items[_count++] = item;
            _hasItems = true;
            return true;
        }
    }

    /// <summary>Moves everything to the ready queue, in the order in which it came. Driver only.</summary>
    public void MoveTo(SingleThreadedReadyQueue ready)
    {
        SingleThreadedContinuation[] items;
        int count;
        lock (_lock)
        {
            (items, count) = (_items, _count);
            _items = _spare;
            _count = 0;
            _hasItems = false;
        }

        var moved = items.AsSpan(0, count);
        foreach (ref readonly var item in moved)
        {
            ready.Push(item);
        }

        moved.Clear();
        _spare = items.Length > MostRetained ? new SingleThreadedContinuation[Initial] : items;
    }

    /// <summary>Takes nothing any more; what is left can still be fetched. Driver only.</summary>
    public void Close()
    {
        lock (_lock)
        {
            _closed = true;
        }
    }
}
