using System.Runtime.InteropServices;
using Runtime.Core.Concurrency;

namespace Runtime.Core.Scheduling;

/// <summary>One part of the <see cref="WorkLedger"/>: that of one worker, or one that threads from outside share.</summary>
/// <remarks>All counters only grow. Padded on both sides: two stripes share no pair of cache lines.</remarks>
internal sealed class LedgerStripe(WorkLedger ledger)
{
    private Counters _counters;

    public WorkLedger Ledger => ledger;

    public long Accepted => _counters.Accepted.Value;

    public long Ended => _counters.Refused.Value + _counters.Succeeded.Value + _counters.Failed.Value + _counters.Cancelled.Value;

    public long Refused => _counters.Refused.Value;

    public long Succeeded => _counters.Succeeded.Value;

    public long Failed => _counters.Failed.Value;

    public long Cancelled => _counters.Cancelled.Value;

    /// <summary>Counts as the only thread that counts here: no interlocked operation, hence no fence.</summary>
    public void CountAlone(LedgerEvent what, int count)
    {
        ref var counter = ref _counters[what];
        counter.Value = counter.Plain + count; // release; whoever sees what happens next sees the count
    }

    /// <summary>Counts as one of many threads. A full fence.</summary>
    public void CountShared(LedgerEvent what, int count) => _counters[what].Add(count);

    [StructLayout(LayoutKind.Explicit, Size = 320)]
    private struct Counters
    {
        [FieldOffset(128)]
        public AtomicInt64 Accepted;

        [FieldOffset(136)]
        public AtomicInt64 Refused;

        [FieldOffset(144)]
        public AtomicInt64 Succeeded;

        [FieldOffset(152)]
        public AtomicInt64 Failed;

        [FieldOffset(160)]
        public AtomicInt64 Cancelled;

        [System.Diagnostics.CodeAnalysis.UnscopedRef]
        public ref AtomicInt64 this[LedgerEvent what]
        {
            get
            {
                switch (what)
                {
                    case LedgerEvent.Accepted:
                        return ref Accepted;
                    case LedgerEvent.Refused:
                        return ref Refused;
                    case LedgerEvent.Succeeded:
                        return ref Succeeded;
                    case LedgerEvent.Failed:
                        return ref Failed;
                    default:
                        return ref Cancelled;
                }
            }
        }
    }
}

/// <summary>What the ledger counts.</summary>
internal enum LedgerEvent
{
    Accepted,
    Refused,
    Succeeded,
    Failed,
    Cancelled,
}
