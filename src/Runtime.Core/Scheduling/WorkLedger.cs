using System.Runtime.InteropServices;

namespace Runtime.Core.Scheduling;

/// <summary>How a unit of accepted work ended.</summary>
internal enum WorkOutcome
{
    Succeeded,
    Failed,
    Cancelled,
}

/// <summary>
/// Counts what was accepted and what has ended, so that nothing is lost unseen: accepted = live + succeeded + failed + cancelled.
/// </summary>
/// <remarks>
/// Thread safe; one uncontended interlocked addition per event, on a stripe of the calling worker. <see cref="Live"/> reads what has ended
/// first and what was accepted after it. All counters only grow, so a result of zero means that there was a moment between the two
/// readings at which nothing was live; the stop depends on that.
/// </remarks>
internal sealed class WorkLedger
{
    private const int StripeCount = 16;

    private readonly Stripe[] _stripes = new Stripe[StripeCount];

    // Raised when something ends after StopBegan; set before StopBegan becomes true.
    private Action? _endedWhileStopping;

    // Of the work that was live when the stop began: how it ended. By Interlocked.
    private long _completedWhileStopping;
    private long _cancelledWhileStopping;

    // Accepted after the stop had begun, by work that was still draining; by Interlocked.
    private long _lateLive;

    private volatile bool _stopBegan;

    // Set when the drain is over: what has not started by now is cancelled instead of run.
    private volatile bool _cutOff;

    public bool IsCutOff => _cutOff;

    public long Accepted => Sum(Counter.Accepted) - Sum(Counter.Refused);

    public long Succeeded => Sum(Counter.Succeeded);

    public long Failed => Sum(Counter.Failed);

    public long Cancelled => Sum(Counter.Cancelled);

    public long CompletedWhileStopping => Interlocked.Read(ref _completedWhileStopping);

    public long CancelledWhileStopping => Interlocked.Read(ref _cancelledWhileStopping);

    /// <summary>How much of the live work was accepted after the stop had begun.</summary>
    public long LateLive => Interlocked.Read(ref _lateLive);

    public long Live
    {
        get
        {
            var ended = Sum(Counter.Succeeded) + Sum(Counter.Failed) + Sum(Counter.Cancelled) + Sum(Counter.Refused);
            return Sum(Counter.Accepted) - ended;
        }
    }

    /// <summary>Counts a unit of work as accepted. The caller then checks the state of the runtime and may still <see cref="Refuse"/> it.</summary>
    /// <remarks>A full fence: of this and a concurrent stop, either the stop sees the work or the caller sees the stop.</remarks>
    public void Accept() => Add(Counter.Accepted);

    /// <summary>Takes an <see cref="Accept"/> back.</summary>
    public void Refuse()
    {
        Add(Counter.Refused);
        SignalIfStopping();
    }

    /// <summary>Counts an accepted unit of work as accepted after the stop had begun.</summary>
    public void MarkLate() => Interlocked.Increment(ref _lateLive);

    /// <summary>Counts an accepted unit of work as ended.</summary>
    /// <param name="outcome">How it ended.</param>
    /// <param name="late">Whether it was marked late.</param>
    public void Finish(WorkOutcome outcome, bool late)
    {
        if (late)
        {
            Interlocked.Decrement(ref _lateLive);
        }
        else if (_stopBegan)
        {
            Interlocked.Increment(ref outcome == WorkOutcome.Cancelled ? ref _cancelledWhileStopping : ref _completedWhileStopping);
        }

        Add(outcome switch
        {
            WorkOutcome.Succeeded => Counter.Succeeded,
            WorkOutcome.Failed => Counter.Failed,
            _ => Counter.Cancelled,
        });
        SignalIfStopping();
    }

    /// <summary>From now on ends are counted for the shutdown report and <paramref name="ended"/> is called after each.</summary>
    public void BeginStop(Action ended)
    {
        _endedWhileStopping = ended;
        _stopBegan = true;
        Interlocked.MemoryBarrier();
    }

    /// <summary>Ends the drain: work that has not started will not.</summary>
    public void CutOff() => _cutOff = true;

    private void SignalIfStopping()
    {
        if (_stopBegan)
        {
            _endedWhileStopping!();
        }
    }

    private void Add(Counter counter)
    {
        // Stripe 0 is for threads from outside; workers take turns on the others.
        var index = Worker.Current is { } worker ? 1 + (worker.Id % (StripeCount - 1)) : 0;
        ref var stripe = ref _stripes[index];
        Interlocked.Increment(ref stripe[counter]);
    }

    private long Sum(Counter counter)
    {
        long sum = 0;
        for (var i = 0; i < StripeCount; i++)
        {
            sum += Interlocked.Read(ref _stripes[i][counter]);
        }

        return sum;
    }

    private enum Counter
    {
        Accepted,
        Refused,
        Succeeded,
        Failed,
        Cancelled,
    }

    // 128 bytes: neighbours do not share a pair of cache lines.
    [StructLayout(LayoutKind.Sequential, Size = 128)]
    private struct Stripe
    {
        private Counters _counters;

        [System.Diagnostics.CodeAnalysis.UnscopedRef]
        public ref long this[Counter counter] => ref _counters[(int)counter];
    }

    [System.Runtime.CompilerServices.InlineArray(5)]
    private struct Counters
    {
        private long _first;
    }
}
