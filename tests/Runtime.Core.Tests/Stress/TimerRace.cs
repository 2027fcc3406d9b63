namespace Runtime.Core.Tests.Stress;

/// <summary>A timer about to fire against its change and its disposal.</summary>
internal sealed class TimerRace(AsyncRuntime runtime) : CancelRace(runtime)
{
    private static readonly TimeSpan Soon = TimeSpan.FromMilliseconds(1);

    private readonly Entry[] _entries = new Entry[BatchSize];

    // How many changes armed a timer anew; by the second thread.
    private long _changes;

    private enum Move
    {
        None,
        Change,
        Disarm,
        Dispose,
        DisposeAsync,
    }

    // The time is as long as it takes to begin the batch, about.
    public override int DrawLag(ref uint draws) => Mix.Below(ref draws, BatchSize);

    public override void Begin(int index, ref uint draws)
    {
        var entry = _entries[index] = new Entry(this);
        entry.Timer = Runtime.TimeProvider.CreateTimer(
            static entry => ((Entry)entry!).OnTick(), entry, TimeSpan.FromMilliseconds(1 + Mix.Below(ref draws, 2)), Timeout.InfiniteTimeSpan);
    }

    public override void Interfere(int index, ref uint draws)
    {
        var entry = _entries[index];
        entry.Move = (Move)Mix.Below(ref draws, 5);
        switch (entry.Move)
        {
            case Move.Change:
                Expect(entry.Timer!.Change(Soon, Timeout.InfiniteTimeSpan), "A change of a live timer was refused.");
                _changes++;
                break;
            case Move.Disarm:
                Expect(entry.Timer!.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan), "A disarming of a live timer was refused.");
                break;
            case Move.Dispose:
                entry.Timer!.Dispose();
                Expect(!entry.Timer.Change(Soon, Timeout.InfiniteTimeSpan), "A change of a disposed timer was accepted.");
                break;
            case Move.DisposeAsync:
                entry.Closing = CloseAsync(entry);
                break;
            default:
                break;
        }
    }

    public override bool IsSettled(int index) => _entries[index].Move switch
    {
        Move.None or Move.Change => _entries[index].Calls > 0,
        Move.DisposeAsync => _entries[index].Closing!.IsCompleted,
        _ => true,
    };

    public override string Judge(int index)
    {
        var entry = _entries[index];
        entry.Timer!.Dispose();
        return $"{entry.Move}, {entry.Calls} calls";
    }

    public override void CheckBooks(RuntimeSnapshot books, long races)
    {
        books.Timers.Active.ShouldBe(0);
        (books.Timers.Fired + books.Timers.Cancelled).ShouldBe(races + _changes);
    }

    public override string Describe(int index) => $"a timer after {_entries[index].Move} has ticked {_entries[index].Calls} times";

    private static async Task CloseAsync(Entry entry)
    {
        await entry.Timer!.DisposeAsync().ConfigureAwait(false);
        entry.IsClosed = true; // from here on no callback is running, and none starts
    }

    private void Expect(bool condition, string problem)
    {
        if (!condition)
        {
            Report(problem);
        }
    }

    private sealed class Entry(TimerRace race)
    {
        private int _calls;
        private volatile bool _isClosed;

        public ITimer? Timer { get; set; }

        public Task? Closing { get; set; }

        public int Calls => Volatile.Read(ref _calls);

        public bool IsClosed
        {
            get => _isClosed;
            set => _isClosed = value;
        }

        /// <summary>Written by the second thread before it moves.</summary>
        public Move Move { get; set; }

        // Once, and once more after a change that came too late for the first.
        public void OnTick()
        {
            if (IsClosed)
            {
                race.Report("A timer has called back after DisposeAsync had ended.");
            }

            if (Interlocked.Increment(ref _calls) > (Move == Move.Change ? 2 : 1))
            {
                race.Report($"A timer after {Move} has called back {Calls} times.");
            }
        }
    }
}
