namespace Runtime.Core.Scheduling;

/// <summary>The global injection queue: first in, first out, fed by threads outside the runtime, by yields and by overflowing local queues.</summary>
/// <remarks>
/// Thread safe. An intrusive list under one lock; a push allocates nothing. Workers take batches, so the lock is entered once for
/// many items. <see cref="IsEmpty"/> and <see cref="OldestReadyAt"/> are read without the lock: a reader that follows a full fence
/// sees every push that preceded the pusher's own fence (see the folder's README, "No lost wake-up").
/// </remarks>
internal sealed class Injector(Action<WorkItem> afterClose)
{
    private readonly Lock _lock = new();

    // The list, linked by WorkItem.Next. Written under the lock.
    private WorkItem? _head;
    private WorkItem? _tail;

    // Length of the list. Written under the lock, read anywhere.
    private int _count;

    // ReadyAt of the head, or long.MaxValue. Written under the lock, read anywhere as a hint.
    private long _oldestReadyAt = long.MaxValue;

    // Set once, under the lock: the workers are gone, and what comes later goes to afterClose, outside the lock.
    private bool _closed;

    public int Count => Volatile.Read(ref _count);

    public bool IsEmpty => Volatile.Read(ref _count) == 0;

    public long OldestReadyAt => Volatile.Read(ref _oldestReadyAt);

    /// <summary>Adds an item at the tail. A closed queue hands it on instead.</summary>
    public void Push(WorkItem item) => PushBatch(item, item, 1);

    /// <summary>Adds a linked batch at the tail, in order. A closed queue hands it on instead.</summary>
    public void PushBatch(WorkItem first, WorkItem last, int count)
    {
        last.Next = null;
        lock (_lock)
        {
            if (!_closed)
            {
                Append_NeedsLock(first, last, count);
                return;
            }
        }

        HandOn(first);
    }

    /// <summary>Closes the queue and hands on what is left in it; so does every later push.</summary>
    public void Close()
    {
        WorkItem? rest;
        lock (_lock)
        {
            _closed = true;
            rest = _head;
            _head = null;
            _tail = null;
            Volatile.Write(ref _count, 0);
            Volatile.Write(ref _oldestReadyAt, long.MaxValue);
        }

        HandOn(rest);
    }

    /// <summary>Takes the oldest item.</summary>
    public WorkItem? Pop()
    {
        if (IsEmpty)
        {
            return null;
        }

        lock (_lock)
        {
            return Take_NeedsLock();
        }
    }

    /// <summary>Takes the oldest item for the caller to run and moves up to <paramref name="more"/> further ones into its local queue.</summary>
    /// <remarks>The caller owns <paramref name="local"/> and has made sure that it has room for <paramref name="more"/> items.</remarks>
    public WorkItem? PopBatch(LocalQueue local, int more)
    {
        if (IsEmpty)
        {
            return null;
        }

        lock (_lock)
        {
            var first = Take_NeedsLock();
            for (var i = 0; i < more && _head is not null; i++)
            {
                local.Push(Take_NeedsLock()!, this); // never overflows, so never comes back for the lock
            }

            return first;
        }
    }

    private void HandOn(WorkItem? item)
    {
        while (item is not null)
        {
            var next = item.Next;
            item.Next = null;
            afterClose(item);
            item = next;
        }
    }

    private void Append_NeedsLock(WorkItem first, WorkItem last, int count)
    {
        if (_tail is null)
        {
            _head = first;
            Volatile.Write(ref _oldestReadyAt, first.ReadyAt);
        }
        else
        {
            _tail.Next = first;
        }

        _tail = last;
        Volatile.Write(ref _count, _count + count);
    }

    private WorkItem? Take_NeedsLock()
    {
        var item = _head;
        if (item is null)
        {
            return null;
        }

        _head = item.Next;
        item.Next = null;
        if (_head is null)
        {
            _tail = null;
        }

        Volatile.Write(ref _oldestReadyAt, _head?.ReadyAt ?? long.MaxValue);
        Volatile.Write(ref _count, _count - 1);
        return item;
    }
}
