namespace Runtime.Core.Scheduling;

// What an item that runs here puts into this worker's own queues. Owner only.
//
// New work goes into the slot when nothing else waits here: it is the next to run in any case, so the order of arrival is kept, and neither the push
// nor the take is seen by anybody. Work that was woken goes there also past what waits, because what it needs is in the cache; three in a row
// at most while anything waits. Everything else goes to the tail of the ring, and a parked worker is woken for it.
internal sealed partial class Worker
{
    // Tokio's bound: two tasks that wake each other must not keep the queue waiting. An empty one does not wait, and the injector has its own turn.
    private const int MaxSlotRuns = 3;

    private LifoSlot _slot;

    // How many items in a row came from the slot. Owner only.
    private int _slotRuns;

    // Whether the ring has overflowed into the injector, and that was not empty since. Owner only.
    private bool _isOverflowing;

    // Whether the item that runs has pushed on the ring, which is not a fence. Owner only.
    private bool _hasPushed;

    private bool IsEmptyToOwner => _slot.IsEmpty && Queue.IsEmptyToOwner;

    /// <summary>The slot, as other threads may use it: to look, and to take what is stuck.</summary>
    public ref LifoSlot Slot => ref _slot;

    public void PushNew(QueueEntry entry)
    {
        if (IsEmptyToOwner && entry.Mode == EntryMode.Plain && !IsOverflowing())
        {
            _slot.Put(entry);
        }
        else
        {
            PushAndNotify(entry);
        }
    }

    public void PushMany(ReadOnlySpan<QueueEntry> entries)
    {
        var pushed = 0;
        for (; pushed < entries.Length && !IsOverflowing(); pushed++)
        {
            Push(entries[pushed]);
        }

        if (pushed < entries.Length)
        {
            _scheduler.Inject(entries[pushed..]);
        }

        _hasPushed = true;
        WakeForOwnQueue();
    }

    public void PushWoken(QueueEntry entry)
    {
        if (_slot.IsEmpty && (_slotRuns < MaxSlotRuns || Queue.IsEmptyToOwner))
        {
            _slot.Put(entry);
        }
        else
        {
            PushAndNotify(entry);
        }
    }

    /// <summary>Queues what gives up its turn behind all that waits. Wakes nobody: this worker comes back at once, for this or for what is before it.</summary>
    public void PushYielded(QueueEntry entry)
    {
        if (_scheduler.Injector.IsEmpty)
        {
            Push(entry);
        }
        else
        {
            _scheduler.Injector.Push(entry);
        }
    }

    /// <summary>When an item of this worker became ready.</summary>
    public ReadyStamp Stamp() => (++Counters.Submissions & WorkerCounters.SampleMask) == 0 ? ReadyStamp.Exact() : _scheduler.CoarseStamp();

    private void PushAndNotify(QueueEntry entry)
    {
        if (IsOverflowing())
        {
            _scheduler.Inject(entry);
            return;
        }

        Push(entry);
        _hasPushed = true;
        WakeForOwnQueue();
    }

    // Whether this worker has more than it will have done by the time another one is awake.
    private void WakeForOwnQueue()
    {
        if (_scheduler.Idle.NeedsWake && Queue.Count >= Math.Min(_scheduler.WorthAWake, LocalQueue.Capacity / 2))
        {
            _scheduler.Idle.WakeOne();
        }
    }

    private void Push(QueueEntry entry)
    {
        if (Queue.Push(entry, _scheduler.Injector))
        {
            Counters.Overflows++;
            _isOverflowing = true;
        }
    }

    // After an overflow new work follows it into the injector until that is empty: in the ring it would start before older work.
    private bool IsOverflowing() => _isOverflowing && (_isOverflowing = !_scheduler.Injector.IsEmpty);
}
