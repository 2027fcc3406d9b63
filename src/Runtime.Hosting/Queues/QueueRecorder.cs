using System.Diagnostics.Metrics;
using Runtime.Core;
using Runtime.Core.Scheduling;

namespace Runtime.Hosting.Queues;

/// <summary>Records the durations of one queue. Its tags are made once.</summary>
/// <remarks>Thread safe. Costs two field reads while nobody listens.</remarks>
internal sealed class QueueRecorder
{
    private readonly QueueMetrics _metrics;
    private readonly double _secondsPerTick;
    private readonly KeyValuePair<string, object?> _queue;
    private readonly KeyValuePair<string, object?>[] _priorities = new KeyValuePair<string, object?>[LaneSet.Levels];

    public QueueRecorder(string queue, QueueMetrics metrics, QueueClock clock)
    {
        _metrics = metrics;
        _secondsPerTick = 1.0 / clock.Frequency;
        _queue = QueueMetrics.Queue(queue);
        for (var level = 0; level < _priorities.Length; level++)
        {
            _priorities[level] = QueueMetrics.Priority((TaskPriority)level);
        }
    }

    public static string OutcomeName(WorkStatus status) => status switch
    {
        WorkStatus.Succeeded => "succeeded",
        WorkStatus.Failed => "failed",
        WorkStatus.Cancelled => "cancelled",
        WorkStatus.Dropped => "dropped",
        _ => "live",
    };

    public void RecordWait(TaskPriority priority, long ticks) => Record(_metrics.WaitDuration, priority, ticks);

    public void RecordRun(TaskPriority priority, long ticks) => Record(_metrics.RunDuration, priority, ticks);

    public void RecordLateness(TaskPriority priority, long ticks) => Record(_metrics.Lateness, priority, ticks);

    private void Record(Histogram<double> histogram, TaskPriority priority, long ticks)
    {
        if (histogram.Enabled)
        {
            histogram.Record(ticks * _secondsPerTick, _queue, _priorities[(int)priority]);
        }
    }
}
