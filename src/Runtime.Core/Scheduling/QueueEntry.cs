using System.Runtime.InteropServices;

namespace Runtime.Core.Scheduling;

/// <summary>What the queues hold: something to run, since when it is ready, and how it is to be run.</summary>
/// <remarks>
/// The item is an <see cref="IRunnable"/>, the <see cref="Action"/> by which an await goes on, or a posted <see cref="Action"/>: objects that exist already, so
/// queueing needs none of ours. Age and mode travel in the queue and not in the item, in one word that can be read while it is being replaced: looking at the age of
/// a queue's head touches no object that another processor is writing, and plain spawned work has a priority without a field for it.
/// </remarks>
[StructLayout(LayoutKind.Auto)]
internal readonly struct QueueEntry
{
    private const int ModeBits = 3;
    private const int ModeMask = (1 << ModeBits) - 1;

    public QueueEntry(object item, ReadyStamp ready, EntryMode mode = EntryMode.Plain)
        : this(item, (ready.Raw << ModeBits) | (long)mode)
    {
    }

    private QueueEntry(object item, long word)
    {
        Item = item;
        Word = word;
    }

    public object Item { get; }

    /// <summary>Age and mode, as a queue keeps them.</summary>
    public long Word { get; }

    public ReadyStamp Ready => ReadyOf(Word);

    public EntryMode Mode => (EntryMode)((int)Word & ModeMask);

    public static QueueEntry FromWord(object item, long word) => new(item, word);

    public static ReadyStamp ReadyOf(long word) => ReadyStamp.FromRaw(word >> ModeBits);
}
