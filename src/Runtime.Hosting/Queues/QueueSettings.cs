using System.Collections.Frozen;
using Runtime.Core;

namespace Runtime.Hosting.Queues;

/// <summary>The settings of a queue in the form in which it uses them; swapped whole under the queue's lock.</summary>
internal sealed record QueueSettings
{
    // The automatic MaxConcurrency: enough to keep workers busy whose items mostly await, few enough that a burst
    // does not open that many connections. 64 is also what a single worker gets.
    private const int ConcurrencyPerWorker = 16;
    private const int LeastAutomaticConcurrency = 64;

    public required int Capacity { get; init; }

    public required int MaxConcurrency { get; init; }

    public required QueueFullMode FullMode { get; init; }

    public required QueueAdmission Admission { get; init; }

    /// <summary>The weights of those share keys that have another than 1.</summary>
    public required FrozenDictionary<string, int> ShareWeights { get; init; }

    public required int HistorySize { get; init; }

    public required bool DeferScopeDisposal { get; init; }

    /// <summary>Timestamp ticks, 1 or more.</summary>
    public required long StarvationTicks { get; init; }

    /// <summary>Whether priority and deadline decide the order.</summary>
    public required bool Priorities { get; init; }

    public static QueueSettings From(AsyncRuntimeOptions runtime, BackgroundQueueOptions queue, QueueClock clock) => new()
    {
        Capacity = queue.Capacity,
        MaxConcurrency = queue.MaxConcurrency > 0 ? queue.MaxConcurrency : AutomaticConcurrency(AsyncRuntime.EffectiveWorkers(runtime)),
        FullMode = queue.FullMode,
        Admission = queue.Admission,
        ShareWeights = Queues.ShareWeights.Parse(queue.ShareWeights),
        HistorySize = queue.HistorySize,
        DeferScopeDisposal = queue.DeferScopeDisposal,
        StarvationTicks = Math.Max(1, clock.ToTicks(runtime.StarvationThreshold)),
        Priorities = runtime.EnablePriorityScheduling,
    };

    /// <summary>The same with a part of the capacity, where the queue rejects what does not fit; elsewhere a lesser capacity would only move the wait, or lose what was accepted.</summary>
    public QueueSettings WithCapacityShare(int percent) =>
        FullMode == QueueFullMode.Reject && percent < 100 ? this with { Capacity = (int)Math.Max(1, (long)Capacity * percent / 100) } : this;

    /// <summary>How many items run at once where that is left to us.</summary>
    public static int AutomaticConcurrency(int workers) => Math.Max(LeastAutomaticConcurrency, workers * ConcurrencyPerWorker);
}
