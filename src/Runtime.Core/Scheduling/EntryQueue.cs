namespace Runtime.Core.Scheduling;

/// <summary>An unbounded queue in segments: never copies, and gives memory back as it empties.</summary>
/// <remarks>Not thread safe: under the lock of its owner. One emptied segment is kept, so a queue that stays short allocates nothing.</remarks>
internal sealed class EntryQueue
{
    private const int SegmentLength = 512;

    private Segment _first = new();
    private Segment _last;
    private Segment? _spare;

    // Where the next item is taken from in the first segment, and put in the last.
    private int _take;
    private int _put;

    public EntryQueue() => _last = _first;

    public int Count { get; private set; }

    /// <summary>When the oldest item became ready, in milliseconds, or <see cref="long.MaxValue"/>.</summary>
    public long OldestReadyAt => Count == 0 ? long.MaxValue : _first.Entries[_take].Ready.Milliseconds;

    public void Enqueue(QueueEntry entry)
    {
        if (_put == SegmentLength)
        {
            _last.Next = _spare ?? new Segment();
            _spare = null;
            _last = _last.Next;
            _put = 0;
        }

        _last.Entries[_put++] = entry;
        Count++;
    }

    public QueueEntry Dequeue()
    {
        ref var slot = ref _first.Entries[_take++];
        var entry = slot;
        slot = default;
        if (--Count == 0)
        {
            _take = _put = 0; // one segment is left, and it is empty
        }
        else if (_take == SegmentLength)
        {
            var emptied = _first;
            _first = emptied.Next!;
            emptied.Next = null;
            _spare = emptied;
            _take = 0;
        }

        return entry;
    }

    private sealed class Segment
    {
        public readonly QueueEntry[] Entries = new QueueEntry[SegmentLength];
        public Segment? Next;
    }
}
