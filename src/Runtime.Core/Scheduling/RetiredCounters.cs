namespace Runtime.Core.Scheduling;

/// <summary>The sums of what ended workers had counted, so that totals never go back. Under the lock of the scheduler's workers.</summary>
internal sealed class RetiredCounters
{
    private readonly long[] _wait = new long[DurationHistogram.BucketCount];
    private readonly long[] _run = new long[DurationHistogram.BucketCount];
    private long _waitSum;
    private long _runSum;

    public long Executed { get; private set; }

    public long ForcedYields { get; private set; }

    public void Add(WorkerCounters counters)
    {
        Executed += counters.Executed;
        ForcedYields += counters.ForcedYields;
        counters.Wait.AddTo(_wait, ref _waitSum);
        counters.Run.AddTo(_run, ref _runSum);
    }

    public (long[] Counts, long Sum) CopyWait() => ((long[])_wait.Clone(), _waitSum);

    public (long[] Counts, long Sum) CopyRun() => ((long[])_run.Clone(), _runSum);
}
