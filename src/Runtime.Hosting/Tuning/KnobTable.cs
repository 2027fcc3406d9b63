using Runtime.Core;
using Runtime.Core.Tuning;

namespace Runtime.Hosting.Tuning;

/// <summary>What each knob is in the configuration: its value, its bounds, and where a new value goes.</summary>
/// <param name="Knob">The knob.</param>
/// <param name="Read">Its configured value.</param>
/// <param name="Bounds">Its bounds; the same twice where the configuration fixes it.</param>
/// <param name="Put">Writes a value into a copy of the options, with parts of its own; <see langword="null"/> where it is not an option of the runtime.</param>
internal sealed record KnobEntry(
    TuningKnob Knob, Func<AsyncRuntimeOptions, int> Read, Func<AsyncRuntimeOptions, (int Least, int Greatest)> Bounds, Action<AsyncRuntimeOptions, int>? Put);

/// <summary>The knobs of a hosted runtime.</summary>
internal static class KnobTable
{
    /// <summary>All of a queue's capacity, in percent.</summary>
    public const int WholeCapacity = 100;

    // A tenth of the capacity still takes a burst; a tenth of the threshold still makes a round worth its start.
    private const int LeastCapacity = 10;
    private const int CleanupSpan = 10;
    private const int CleanupRounds = 4;
    private const int MostThreshold = 1_000_000;

    /// <summary>Gets all knobs, in the order of <see cref="TuningKnob"/>.</summary>
    public static IReadOnlyList<KnobEntry> All { get; } =
    [
        new(TuningKnob.WorkerThreads, AsyncRuntime.EffectiveWorkers, WorkerBounds, static (o, v) => o.WorkerThreads = v),
        new(TuningKnob.WorkStealing, static o => o.EnableWorkStealing ? 1 : 0, static o => (0, o.EnableWorkStealing ? 1 : 0), static (o, v) => o.EnableWorkStealing = v != 0), // off stays off
        new(TuningKnob.QueueCapacity, static _ => WholeCapacity, static _ => (LeastCapacity, WholeCapacity), Put: null),
        new(TuningKnob.CleanupThreshold, static o => o.Cleanup.Threshold, CleanupBounds, static (o, v) =>
        {
            o.Cleanup = o.Cleanup.Copy();
            o.Cleanup.Threshold = v;
        }),
        new(TuningKnob.Isolation, static o => (int)o.Isolation, IsolationBounds, static (o, v) => o.Isolation = (WorkerIsolation)v),
        new(TuningKnob.TimerSlack, static o => Milliseconds(o.Timers.Slack), SlackBounds, static (o, v) =>
            o.Timers = new TimerOptions { Resolution = o.Timers.Resolution, Slack = v == Milliseconds(o.Timers.Slack) ? o.Timers.Slack : TimeSpan.FromMilliseconds(v) }),
    ];

    public static KnobEntry Of(TuningKnob knob) => All[(int)knob];

    // A number of workers that is configured is kept to: unless it is 0 (automatic), the tuner moves it only when MaxWorkerThreads is set as well.
    private static (int Least, int Greatest) WorkerBounds(AsyncRuntimeOptions options) =>
        options is { WorkerThreads: > 0 and var fixedTo, MaxWorkerThreads: 0 } ? (fixedTo, fixedTo) : AsyncRuntime.WorkerBounds(options);

    private static (int Least, int Greatest) CleanupBounds(AsyncRuntimeOptions options)
    {
        var threshold = options.Cleanup.Threshold;
        return (Math.Max(1, threshold / CleanupSpan), Math.Max(threshold, Math.Min(Math.Min(MostThreshold, options.Cleanup.Capacity / 2), threshold * CleanupRounds)));
    }

    // None is a user's word; behind anything else there is room to stand further back.
    private static (int Least, int Greatest) IsolationBounds(AsyncRuntimeOptions options) =>
        ((int)options.Isolation, options.Isolation == WorkerIsolation.None ? (int)WorkerIsolation.None : (int)WorkerIsolation.Idle);

    private static (int Least, int Greatest) SlackBounds(AsyncRuntimeOptions options)
    {
        var least = Milliseconds(options.Timers.Slack);
        return (least, Math.Max(least, Milliseconds(options.Tuner.MaxTimerSlack)));
    }

    private static int Milliseconds(TimeSpan time) => (int)time.TotalMilliseconds;
}
