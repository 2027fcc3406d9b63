using System.Diagnostics.Metrics;
using Runtime.Core;

namespace Runtime.Hosting.Queues;

/// <summary>The instruments of the queues, in the meter <c>AsyncRuntime</c>.</summary>
internal sealed class QueueMetrics
{
    public const string MeterName = "AsyncRuntime";

    // From a tenth of a millisecond, which is an idle queue, to ten minutes.
    private static readonly double[] SecondsBuckets = [0.0001, 0.00025, 0.001, 0.0025, 0.01, 0.025, 0.1, 0.25, 1, 2.5, 10, 30, 60, 600];

    private readonly SnapshotRound _round;

    public QueueMetrics(IMeterFactory factory, QueueClock clock, Func<IReadOnlyList<QueueSnapshot>> snapshots)
    {
        _round = new SnapshotRound(clock, snapshots);
        var meter = factory.Create(MeterName);
        var buckets = new InstrumentAdvice<double> { HistogramBucketBoundaries = SecondsBuckets };
        WaitDuration = meter.CreateHistogram("async_runtime.queue.wait.duration", "s", "Time from when an item was due until it started.", advice: buckets);
        RunDuration = meter.CreateHistogram("async_runtime.queue.run.duration", "s", "Time from an item's start to its end, its waits included.", advice: buckets);
        Lateness = meter.CreateHistogram("async_runtime.queue.lateness", "s", "How long after their deadline items ended that missed it.", advice: buckets);

        Observe(meter.CreateObservableCounter<long>, "async_runtime.queue.accepted", "{item}", "Items accepted.",
            static s => [Of(s, s.Accepted)]);
        Observe(meter.CreateObservableCounter<long>, "async_runtime.queue.items", "{item}", "Items that are over, by outcome; abandoned ones were given up by a shutdown.", static s =>
        [
            Of(s, s.Succeeded, Outcome(WorkStatus.Succeeded)),
            Of(s, s.Failed, Outcome(WorkStatus.Failed)),
            Of(s, s.Cancelled, Outcome(WorkStatus.Cancelled)),
            Of(s, s.Dropped, Outcome(WorkStatus.Dropped)),
            Of(s, s.Abandoned, new KeyValuePair<string, object?>("outcome", "abandoned")),
        ]);
        Observe(meter.CreateObservableCounter<long>, "async_runtime.queue.rejected", "{item}", "Enqueues refused because the queue was full.",
            static s => [Of(s, s.Rejected)]);
        Observe(meter.CreateObservableCounter<long>, "async_runtime.queue.rejected_late", "{item}", "Enqueues refused because a deadline could not be met.",
            static s => [Of(s, s.RejectedLate)]);
        Observe(meter.CreateObservableCounter<long>, "async_runtime.queue.missed_deadlines", "{item}", "Items that ended after their deadline.",
            static s => [Of(s, s.MissedDeadlines)]);
        Observe(meter.CreateObservableCounter<long>, "async_runtime.queue.starvation_boosts", "{boost}", "Items run ahead of more urgent ones because of their age.",
            static s => [Of(s, s.StarvationBoosts)]);
        Observe(meter.CreateObservableUpDownCounter<long>, "async_runtime.queue.depth", "{item}", "Items accepted and not started, by priority.",
            static s => s.QueuedByPriority.Select((depth, level) => Of(s, depth, Priority((TaskPriority)level))));
        Observe(meter.CreateObservableUpDownCounter<long>, "async_runtime.queue.running", "{item}", "Items started and not ended.",
            static s => [Of(s, s.Running)]);
        Observe(meter.CreateObservableUpDownCounter<long>, "async_runtime.queue.waiters", "{caller}", "Enqueues that wait for room.",
            static s => [Of(s, s.Waiters)]);
        Observe(meter.CreateObservableGauge<long>, "async_runtime.queue.capacity", "{item}", "Items that may be queued.",
            static s => [Of(s, s.Capacity)]);
        Observe(meter.CreateObservableGauge<long>, "async_runtime.queue.max_concurrency", "{item}", "Items that may run at once.",
            static s => [Of(s, s.MaxConcurrency)]);
    }

    private delegate Instrument Create(string name, Func<IEnumerable<Measurement<long>>> observe, string unit, string description);

    public Histogram<double> WaitDuration { get; }

    public Histogram<double> RunDuration { get; }

    public Histogram<double> Lateness { get; }

    public static KeyValuePair<string, object?> Queue(string name) => new("queue", name);

    public static KeyValuePair<string, object?> Priority(TaskPriority priority) => new("priority", PriorityNames[(int)priority]);

    public static KeyValuePair<string, object?> Outcome(WorkStatus status) => new("outcome", QueueRecorder.OutcomeName(status));

    private static readonly string[] PriorityNames = ["critical", "high", "normal", "low", "background"];

    private static Measurement<long> Of(QueueSnapshot snapshot, long value) => new(value, Queue(snapshot.Name));

    private static Measurement<long> Of(QueueSnapshot snapshot, long value, KeyValuePair<string, object?> tag) => new(value, Queue(snapshot.Name), tag);

    private void Observe(Create create, string name, string unit, string description, Func<QueueSnapshot, IEnumerable<Measurement<long>>> measure)
    {
        var seat = _round.AddSeat();
        create(name, () => _round.Take(seat).SelectMany(measure), unit, description);
    }
}
