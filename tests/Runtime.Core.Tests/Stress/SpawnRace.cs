namespace Runtime.Core.Tests.Stress;

/// <summary>Spawned work against the cancellation of its token: before its start, at it, while it runs, after its end.</summary>
internal sealed class SpawnRace(AsyncRuntime runtime) : CancelRace(runtime)
{
    private readonly Entry[] _entries = new Entry[BatchSize];

    // Of all batches; by the first thread.
    private long _cancelled;

    private enum Body
    {
        Ignores,
        Looks,
        YieldsAndLooks,
        WaitsForIt,
    }

    // A start is that many races behind its spawn, or much less, as the processors are shared out.
    public override int DrawLag(ref uint draws) => Mix.Below(ref draws, 1 << Mix.Below(ref draws, 12)) % BatchSize;

    public override void Begin(int index, ref uint draws)
    {
        var entry = _entries[index] = new Entry(this, (Body)Mix.Below(ref draws, 4));
        if (Mix.Below(ref draws, 16) == 0)
        {
            entry.Source.Cancel();
        }

        var options = Mix.Below(ref draws, 8) == 0 ? new SpawnOptions { Priority = (TaskPriority)Mix.Below(ref draws, 5) } : null;
        entry.Task = Mix.Below(ref draws, 2) == 0
            ? Runtime.Spawn(entry.RunAsync, options, entry.Source.Token)
            : Runtime.Spawn(entry.RunWithResultAsync, options, entry.Source.Token);
    }

    public override void Interfere(int index, ref uint draws) => _entries[index].Source.Cancel();

    public override bool IsSettled(int index) => _entries[index].Task!.IsCompleted;

    public override string Judge(int index)
    {
        var entry = _entries[index];
        entry.Source.Dispose();
        var expected = entry.HasEnded ? TaskStatus.RanToCompletion : TaskStatus.Canceled;
        if (entry.Task!.Status != expected || entry.Runs > 1 || (entry.Body == Body.WaitsForIt && entry.HasEnded))
        {
            Report($"{Describe(index)}: {entry.Task.Exception}");
        }

        if (entry.Task.IsCanceled)
        {
            _cancelled++;
        }

        return $"{(entry.Runs == 0 ? "never started" : entry.Body)}, {entry.Task.Status}";
    }

    public override void CheckBooks(RuntimeSnapshot books, long races)
    {
        books.Accepted.ShouldBe(races);
        books.Finished.ShouldBe(races);
        books.Cancelled.ShouldBe(_cancelled);
        books.Failed.ShouldBe(0);
    }

    public override string Describe(int index) =>
        $"work that {_entries[index].Body} is {_entries[index].Task!.Status}, was called {_entries[index].Runs} times and {(_entries[index].HasEnded ? "has" : "has not")} ended";

    private sealed class Entry(SpawnRace race, Body body)
    {
        private int _runs;
        private volatile bool _hasEnded;

        public Body Body => body;

        public CancellationTokenSource Source { get; } = new();

        public Task? Task { get; set; }

        /// <summary>How often the delegate was called.</summary>
        public int Runs => Volatile.Read(ref _runs);

        /// <summary>Whether it came to its end without having been cancelled.</summary>
        public bool HasEnded => _hasEnded;

        public async ValueTask<int> RunWithResultAsync(CancellationToken cancellationToken)
        {
            await RunAsync(cancellationToken);
            return 1;
        }

        public async ValueTask RunAsync(CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref _runs);
            switch (body)
            {
                case Body.Looks:
                    cancellationToken.ThrowIfCancellationRequested();
                    break;
                case Body.YieldsAndLooks:
                    await AsyncRuntime.Yield();
                    cancellationToken.ThrowIfCancellationRequested();
                    break;
                case Body.WaitsForIt:
                    await Task.Delay(Timeout.InfiniteTimeSpan, race.Runtime.TimeProvider, cancellationToken);
                    break;
                default:
                    break;
            }

            _hasEnded = true;
        }
    }
}
