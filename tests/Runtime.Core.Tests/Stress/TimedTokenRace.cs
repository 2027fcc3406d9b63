namespace Runtime.Core.Tests.Stress;

/// <summary>A token source that cancels itself after a time against its cancellation and its disposal.</summary>
internal sealed class TimedTokenRace(AsyncRuntime runtime) : CancelRace(runtime)
{
    private readonly Entry[] _entries = new Entry[BatchSize];

    private enum Move
    {
        None,
        Cancel,
        Dispose,
    }

    // The time is as long as it takes to begin the batch, about.
    public override int DrawLag(ref uint draws) => Mix.Below(ref draws, BatchSize);

    public override void Begin(int index, ref uint draws) =>
        _entries[index] = new Entry(this, new CancellationTokenSource(TimeSpan.FromMilliseconds(1 + Mix.Below(ref draws, 2)), Runtime.TimeProvider));

    public override void Interfere(int index, ref uint draws)
    {
        var entry = _entries[index];
        entry.Move = (Move)Mix.Below(ref draws, 3);
        switch (entry.Move)
        {
            case Move.Cancel:
                entry.Source.Cancel();
                break;
            case Move.Dispose:
                entry.Source.Dispose();
                break;
            default:
                break;
        }
    }

    // A disposed one calls back or does not; more than once is noticed by the callback itself.
    public override bool IsSettled(int index) => _entries[index].Move == Move.Dispose || _entries[index].Calls > 0;

    public override string Judge(int index)
    {
        var entry = _entries[index];
        var calls = entry.Calls;
        if (entry.Move != Move.Dispose && !entry.Source.IsCancellationRequested)
        {
            Report(Describe(index));
        }

        entry.Source.Dispose();
        return $"{entry.Move}, {calls} calls";
    }

    public override void CheckBooks(RuntimeSnapshot books, long races)
    {
        books.Timers.Active.ShouldBe(0);
        (books.Timers.Fired + books.Timers.Cancelled).ShouldBe(races);
    }

    public override string Describe(int index) => $"a source after {_entries[index].Move} has called back {_entries[index].Calls} times";

    private sealed class Entry
    {
        private readonly TimedTokenRace _race;
        private int _calls;

        public Entry(TimedTokenRace race, CancellationTokenSource source)
        {
            _race = race;
            Source = source;
            source.Token.UnsafeRegister(static entry => ((Entry)entry!).OnCancelled(), this);
        }

        public CancellationTokenSource Source { get; }

        public int Calls => Volatile.Read(ref _calls);

        /// <summary>Written by the second thread before the threads meet.</summary>
        public Move Move { get; set; }

        private void OnCancelled()
        {
            if (Interlocked.Increment(ref _calls) > 1)
            {
                _race.Report($"A source after {Move} has called back twice.");
            }
        }
    }
}
