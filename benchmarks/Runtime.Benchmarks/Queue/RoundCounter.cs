// RoundCounter: counts bodies without making the threads that run them fight for one cache line, and knows which one is the last.
//
// Shared words   written by                              read by
//   Cell.Count   its thread alone                        near the end of a round, all
//   _counted     every Batch-th hit of a thread          every hit
//   _cells       a thread's first hit, under _lock       near the end of a round, all
//
// Invariant:  hits - _counted < Batch × cells, so the sum of the cells can only be the round's target when _counted is that near to it.
// Protocol:   hit: count in the own cell; when _counted is near the target: full fence, then sum the cells. Of the last two hits at
//             least one fences after both have counted, and sees the target. Both may: the round takes the first.
using System.Diagnostics;

namespace Runtime.Benchmarks.Queue;

/// <summary>What every item's body does: count one more of the round.</summary>
internal sealed class RoundCounter : IDisposable
{
    private const int Batch = 16;
    private static readonly TimeSpan HangGuard = TimeSpan.FromSeconds(60);

    private readonly Lock _lock = new();
    private readonly ThreadLocal<Cell> _own;

    // The cells of all threads that have ever hit; replaced under _lock.
    private volatile Cell[] _cells = [];

    // Hits counted so far, in whole batches; interlocked.
    private long _counted;

    // What holds the first bodies of a round back, when its two sides are timed apart; else null. Set between rounds.
    private Gate? _gate;

    // Set by Reset, between rounds.
    private volatile Round _round;

    // For a thread that waits. No spinning: it would take a processor from those that run the items.
    private readonly ManualResetEventSlim _woken = new(initialState: false, spinCount: 0);

    public RoundCounter()
    {
        _own = new ThreadLocal<Cell>(NewCell);
        _round = new Round(0, _woken);
    }

    /// <summary>Gets or sets what every body does besides; nothing when null. Set before the first round.</summary>
    public Burner? Burner { get; set; }

    /// <summary>Gets how many items of the round have not run yet.</summary>
    public long Remaining => _round.Target - Sum();

    /// <summary>Begins a round. No item of the round before may be left.</summary>
    public void Reset(int items) => _round = new Round(Sum() + items, _woken);

    /// <summary>From now on lets a gate hold bodies back; <see langword="null"/> lets all run.</summary>
    public void HoldBy(Gate? gate) => _gate = gate;

    public void Hit()
    {
        _gate?.Pass();
        if (Burner is { } burner)
        {
            GC.KeepAlive(burner.Run());
        }

        var round = _round;
        var cell = _own.Value!;
        var count = cell.Count + 1;
        Volatile.Write(ref cell.Count, count);
        if (count % Batch == 0)
        {
            Interlocked.Add(ref _counted, Batch);
        }

        if (Volatile.Read(ref _counted) >= round.Target - (Batch * (long)_cells.Length))
        {
            Interlocked.MemoryBarrier();
            if (Sum() == round.Target)
            {
                round.End();
            }
        }
    }

    /// <summary>Waits for the last body and says when it ran.</summary>
    public async Task<long> WaitAsync(TimeSpan? hangGuard = null)
    {
        var round = _round;
        await round.Ended.WaitAsync(hangGuard ?? HangGuard);
        return round.EndedAt;
    }

    /// <summary>Waits for the last body, on this thread.</summary>
    public long Wait()
    {
        var round = _round;
        while (true)
        {
            _woken.Reset(); // it may have been set a second time for the round before
            if (round.EndedAt != 0)
            {
                return round.EndedAt;
            }

            if (!_woken.Wait(HangGuard))
            {
                throw new TimeoutException($"An item had not run {HangGuard.TotalSeconds:N0} s after its enqueue.");
            }
        }
    }

    public void Dispose()
    {
        _own.Dispose();
        _woken.Dispose();
    }

    private long Sum()
    {
        long sum = 0;
        foreach (var cell in _cells)
        {
            sum += Volatile.Read(ref cell.Count);
        }

        return sum;
    }

    private Cell NewCell()
    {
        var cell = new Cell();
        lock (_lock)
        {
            _cells = [.. _cells, cell];
        }

        return cell;
    }

    // Padded on both sides: cells of two threads never share a line.
    [System.Runtime.InteropServices.StructLayout(System.Runtime.InteropServices.LayoutKind.Explicit, Size = 256)]
    private sealed class Cell
    {
        [System.Runtime.InteropServices.FieldOffset(128)]
        public long Count;
    }

    private sealed class Round(long target, ManualResetEventSlim woken)
    {
        private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

        // When the last body ran; the first to see the end writes it.
        private long _endedAt;

        public long Target => target;

        public long EndedAt => Volatile.Read(ref _endedAt);

        public Task Ended => _ended.Task;

        public void End()
        {
            Interlocked.CompareExchange(ref _endedAt, Stopwatch.GetTimestamp(), 0);
            _ended.TrySetResult();
            woken.Set();
        }

    }
}
