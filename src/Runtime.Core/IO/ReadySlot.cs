// ReadySlot: one kind of event of one registration. Whoever polls raises it; one at a time waits for it.
//
// Shared words   written by                                        read by
//   _word        all sides, by compare-exchange                     all
//   _waiter      the waiter, while it holds Claimed                 whoever takes Waiting out of the word
//
// The word: Ready, Claimed, Waiting, Closed, Reserved; above them what has happened (IoEvents); above that the tick, one more for every event and every withdrawal.
//
// Invariants: Waiting excludes Ready: an event ends the wait. While Waiting or Claimed is set no other waiter gets in. The tick never comes back, so a word
//             with Waiting in it never does either: whoever replaces it has the waiter that it read before.
//             A wait is ended by exactly one: event, close or withdrawal, by the compare-exchange that takes Waiting out.
//             While Reserved is set only the one that has reserved it waits, and its place is kept between two of its waits.
// Protocol:   reserve   Reserved, unless somebody waits, or has it; release: Reserved goes. By a handler, once for all its waits.         1 operation
//             wait      Ready: at once. Else Claimed; the waiter into its place; Claimed into Waiting, unless an event came in between.  2 operations
//             raise     tick + 1, Ready, what has happened; Waiting goes, and its waiter is told.                                       1 operation
//             clear     Ready goes, but only of the tick that the caller saw before it tried: an event since then is not lost. A closed direction stays ready.
//             withdraw  tick + 1, Waiting goes, if the word is still the one of this wait: a canceller cannot touch a later wait.
//             close     Closed, for good; Waiting goes, and its waiter is told.
// No lost event: with edges the kernel tells once. It stays told here until somebody clears it with the tick of that very event, which he does after an
//             operation that found nothing: what arrives after that operation is a new edge and a new tick.
// Rejected:   consume on wait (a caller that does not read everything hangs); a list of waiters (two readers of one stream are a mistake, and are told so).
// Sources:    Tokio's ScheduledIo (tick), Go's pollDesc (one waiter for each direction). Tests: ReadySlotTests, EventLoopTests, the model's Ready suite.
using Runtime.Core.Concurrency;

namespace Runtime.Core.IO;

/// <summary>What became of a wait that was to begin.</summary>
internal enum WaitResult
{
    /// <summary>It has begun.</summary>
    Waits,

    /// <summary>There is nothing to wait for: it is ready.</summary>
    Ready,

    /// <summary>It will never be ready.</summary>
    Closed,

    /// <summary>Somebody waits already.</summary>
    Occupied,
}

/// <summary>The meeting point of one kind of event and whoever waits for it. See the head of the file.</summary>
internal struct ReadySlot
{
    private const ulong Ready = 1;
    private const ulong Claimed = 2;
    private const ulong Waiting = 4;
    private const ulong Closed = 8;
    private const ulong Reserved = 16;
    private const int EventShift = 8;
    private const ulong AllEvents = 0xFFUL << EventShift;
    private const ulong OneTick = 1UL << 16;
    private const ulong Flags = OneTick - 1;

    // What stays when readiness is cleared.
    private const ulong Sticky = (ulong)(IoEvents.ReadClosed | IoEvents.WriteClosed) << EventShift;

    private AtomicUInt64 _word;
    private AtomicReference<IReadyWaiter> _waiter;

    /// <summary>Whether the registration has been closed.</summary>
    public readonly bool IsClosed => (_word.Value & Closed) != 0;

    /// <summary>Whether somebody waits, or has reserved it.</summary>
    public readonly bool IsBusy => (_word.Value & (Waiting | Claimed | Reserved)) != 0;

    /// <summary>How it stands.</summary>
    public readonly IoReadiness Look() => ReadinessOf(_word.Value);

    /// <summary>Keeps the place for one that waits again and again.</summary>
    /// <returns><see cref="WaitResult.Ready"/>: it is the caller's until <see cref="Release"/>; otherwise why not.</returns>
    public WaitResult TryReserve()
    {
        var seen = _word.Value;
        while ((seen & (Closed | Waiting | Claimed | Reserved)) == 0)
        {
            var before = _word.CompareExchange(seen | Reserved, seen);
            if (before == seen)
            {
                return WaitResult.Ready;
            }

            seen = before;
        }

        return (seen & Closed) != 0 ? WaitResult.Closed : WaitResult.Occupied;
    }

    /// <summary>Gives the place up. By the one that has reserved it, while it does not wait.</summary>
    public void Release()
    {
        var seen = _word.Value;
        for (ulong before; (before = _word.CompareExchange(seen & ~Reserved, seen)) != seen; seen = before)
        {
            // An event, or the close, has come in between.
        }
    }

    /// <summary>Begins a wait.</summary>
    /// <param name="waiter">Who waits.</param>
    /// <param name="readiness">What is ready, if it is.</param>
    /// <param name="word">The word of the wait; see <see cref="TryWithdraw"/>.</param>
    /// <param name="hasReserved">Whether it is the one that has reserved the slot.</param>
    public WaitResult TryWait(IReadyWaiter waiter, out IoReadiness readiness, out ulong word, bool hasReserved = false)
    {
        readiness = default;
        word = 0;
        var taken = hasReserved ? Waiting | Claimed : Waiting | Claimed | Reserved;
        var seen = _word.Value;
        while (true)
        {
            if ((seen & (Closed | Ready | taken)) != 0)
            {
                return Refuse(seen, taken, ref readiness);
            }

            var before = _word.CompareExchange(seen | Claimed, seen);
            if (before == seen)
            {
                seen |= Claimed;
                break;
            }

            seen = before;
        }

        _waiter.Value = waiter;
        while (true)
        {
            var isOver = (seen & (Closed | Ready)) != 0;
            var next = (seen & ~Claimed) | (isOver ? 0 : Waiting);
            waiter.WaitWord = word = next;
            var before = _word.CompareExchange(next, seen); // publishes the waiter
            if (before == seen)
            {
                return isOver ? Refuse(next, taken, ref readiness) : WaitResult.Waits;
            }

            seen = before;
        }
    }

    /// <summary>Tells of an event.</summary>
    /// <returns>Who waited for it and is to be told.</returns>
    public IReadyWaiter? Raise(IoEvents events, out IoReadiness readiness)
    {
        var seen = _word.Value;
        while ((seen & Closed) == 0)
        {
            var waiter = (seen & Waiting) != 0 ? _waiter.Value : null;
            var next = ((seen & ~Waiting) | Ready | ((ulong)events << EventShift)) + OneTick;
            var before = _word.CompareExchange(next, seen);
            if (before == seen)
            {
                readiness = ReadinessOf(next);
                return waiter;
            }

            seen = before;
        }

        readiness = default;
        return null;
    }

    /// <summary>Takes readiness back, unless there was an event since.</summary>
    public void Clear(IoReadiness readiness)
    {
        var seen = _word.Value;
        while (seen / OneTick == readiness.Tick && (seen & (Ready | Closed)) == Ready && (seen & Sticky) == 0)
        {
            var before = _word.CompareExchange(seen & ~(Ready | AllEvents), seen);
            if (before == seen)
            {
                return;
            }

            seen = before;
        }
    }

    /// <summary>Ends a wait, if it has not ended.</summary>
    /// <param name="word">The word of the wait, which no other wait in this slot ever has.</param>
    /// <returns>Whether this call has ended it: nobody will tell the waiter anything.</returns>
    public bool TryWithdraw(ulong word) => (word & Waiting) != 0 && _word.CompareExchange((word & ~Waiting) + OneTick, word) == word;

    /// <summary>Ends everything.</summary>
    /// <returns>Who waited and is to be told.</returns>
    public IReadyWaiter? Close()
    {
        var seen = _word.Value;
        while ((seen & Closed) == 0)
        {
            var waiter = (seen & Waiting) != 0 ? _waiter.Value : null;
            var before = _word.CompareExchange((seen & ~Waiting) | Closed, seen);
            if (before == seen)
            {
                return waiter;
            }

            seen = before;
        }

        return null;
    }

    private static WaitResult Refuse(ulong word, ulong taken, ref IoReadiness readiness)
    {
        if ((word & Closed) != 0)
        {
            return WaitResult.Closed;
        }

        if ((word & taken) != 0)
        {
            return WaitResult.Occupied;
        }

        readiness = ReadinessOf(word);
        return WaitResult.Ready;
    }

    private static IoReadiness ReadinessOf(ulong word) =>
        new((word & Ready) == 0 ? IoEvents.None : (IoEvents)((word & Flags) >> EventShift), word / OneTick);
}
