using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Runtime.Hosting.Queues;

namespace Runtime.Hosting.Jobs;

/// <summary>The instruments of durable jobs, in the meter <c>AsyncRuntime</c>. Their labels are queue and outcome only: kinds of jobs come and go with the code.</summary>
/// <remarks>Thread safe.</remarks>
internal sealed class JobMetrics
{
    // Queues are named by users, maybe one for each customer: beyond this many they share a label.
    private const int MostQueues = 200;

    // From a millisecond to a day.
    private static readonly double[] SecondsBuckets = [0.001, 0.0025, 0.01, 0.025, 0.1, 0.25, 1, 2.5, 10, 30, 60, 600, 3600, 86_400];

    private readonly ConcurrentDictionary<string, KeyValuePair<string, object?>> _queues = new(StringComparer.Ordinal);
    private readonly Counter<long> _enqueued;
    private readonly Counter<long> _runs;
    private readonly Histogram<double> _wait;
    private readonly Histogram<double> _run;
    private Func<long> _running = static () => 0;
    private long _fenced;
    private long _storeFailures;

    public JobMetrics(IMeterFactory factory)
    {
        var meter = factory.Create(QueueMetrics.MeterName);
        var buckets = new InstrumentAdvice<double> { HistogramBucketBoundaries = SecondsBuckets };
        _enqueued = meter.CreateCounter<long>("async_runtime.jobs.enqueued", "{job}", "Durable jobs stored by this process; duplicates of a unique key are not.");
        _runs = meter.CreateCounter<long>("async_runtime.jobs.runs", "{run}", "Runs of durable jobs that ended in this process, by how they ended.");
        meter.CreateObservableCounter("async_runtime.jobs.fenced", () => Volatile.Read(ref _fenced), "{run}", "Ends of runs that the store refused because the job had been claimed again since.");
        meter.CreateObservableCounter("async_runtime.jobs.store.failures", () => Volatile.Read(ref _storeFailures), "{call}", "Calls of the job engine that the store could not answer; they are repeated.");
        _wait = meter.CreateHistogram("async_runtime.jobs.wait.duration", "s", "Time from when a durable job was due until it was claimed.", advice: buckets);
        _run = meter.CreateHistogram("async_runtime.jobs.run.duration", "s", "Time that one run of a durable job took.", advice: buckets);
        meter.CreateObservableUpDownCounter("async_runtime.jobs.running", () => _running(), "{job}", "Durable jobs that this process runs.");
    }

    /// <summary>Says where the number of running jobs is read.</summary>
    public void Observe(Func<long> running) => _running = running;

    public void Enqueued(IReadOnlyList<NewJob> jobs, IReadOnlyList<JobReceipt> receipts)
    {
        if (!_enqueued.Enabled)
        {
            return;
        }

        for (var i = 0; i < jobs.Count; i++)
        {
            if (!receipts[i].IsDuplicate)
            {
                _enqueued.Add(1, Queue(jobs[i].Queue));
            }
        }
    }

    public void Claimed(ClaimedJob job)
    {
        if (_wait.Enabled)
        {
            _wait.Record(Math.Max(0, job.Waited.TotalSeconds), Queue(job.Job.Queue));
        }
    }

    public void Ended(string queue, JobEndingKind kind, TimeSpan duration)
    {
        if (_runs.Enabled)
        {
            _runs.Add(1, Queue(queue), new KeyValuePair<string, object?>("outcome", OutcomeName(kind)));
        }

        if (_run.Enabled)
        {
            _run.Record(duration.TotalSeconds, Queue(queue));
        }
    }

    public void Fenced() => Interlocked.Increment(ref _fenced);

    public void StoreFailed() => Interlocked.Increment(ref _storeFailures);

    public static string OutcomeName(JobEndingKind kind) => kind switch
    {
        JobEndingKind.Succeeded => "succeeded",
        JobEndingKind.Failed => "failed",
        JobEndingKind.Cancelled => "cancelled",
        JobEndingKind.Parked => "parked",
        JobEndingKind.Retry => "retried",
        JobEndingKind.Snooze => "snoozed",
        _ => "interrupted",
    };

    private KeyValuePair<string, object?> Queue(string name)
    {
        if (_queues.TryGetValue(name, out var label))
        {
            return label;
        }

        return _queues.Count < MostQueues ? _queues.GetOrAdd(name, static name => QueueMetrics.Queue(name)) : QueueMetrics.Queue("other");
    }
}
