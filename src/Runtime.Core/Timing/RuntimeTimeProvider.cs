namespace Runtime.Core.Timing;

/// <summary>The clock of an <see cref="AsyncRuntime"/>: the time of <see cref="TimeProvider.System"/>, with timers on the runtime's own wheel.</summary>
/// <remarks>
/// <para>
/// Pass it wherever a <see cref="TimeProvider"/> is taken: <c>Task.Delay(delay, provider)</c>, <c>new PeriodicTimer(period, provider)</c>,
/// <c>new CancellationTokenSource(delay, provider)</c>. Thread safe.
/// </para>
/// <para>
/// Timers keep the rules of <see cref="TimeProvider.System"/>. They differ in four points. A callback runs on a worker of the
/// runtime. A timer never fires before its time: times are kept exactly and rounded up to the wheel's resolution, while
/// the system timer cuts them off to whole milliseconds. A tick of a periodic timer whose last callback has not yet begun is merged
/// with it. An exception that leaves a callback goes to <see cref="AsyncRuntime.UnhandledException"/> and does not end the process.
/// </para>
/// <para>While the runtime is not running, timers are the system's, callbacks on the ThreadPool included; those that are pending when it stops are moved there.</para>
/// </remarks>
public sealed class RuntimeTimeProvider : TimeProvider
{
    private readonly TimerService _service;

    // In ticks.
    private readonly int _slack;

    internal RuntimeTimeProvider(TimerService service, TimeSpan slack)
    {
        _service = service;
        Slack = slack;
        _slack = service.SlackOf(slack);
    }

    /// <summary>Gets how much later than its time a timer of this provider may fire; zero unless it came from <see cref="WithSlack"/>.</summary>
    public TimeSpan Slack { get; }

    /// <summary>Makes a provider of the same clock whose timers may fire late, so that many of them fire in one wake-up.</summary>
    /// <param name="slack">
    /// How much later than its time a timer may fire: zero or more, up to 4,294,967,294 ms. Never earlier. Timers whose stretches overlap are put on the same tick, the one that
    /// is a multiple of the greatest power of two; so a provider for a thousand connections' time-outs with a second of slack wakes the processor about once a second.
    /// </param>
    /// <returns>The provider. Its periodic timers keep their rate: what is late is the tick, not the period.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The slack is negative or too long.</exception>
    /// <remarks>Thread safe; allocates the provider only. <see cref="TimerOptions.Slack"/> is the least slack of all timers.</remarks>
    public RuntimeTimeProvider WithSlack(TimeSpan slack) => new(_service, TimerArguments.CheckSlack(slack, nameof(slack)));

    /// <summary>Creates a timer.</summary>
    /// <param name="callback">What to call; may be called again while an earlier call is still running.</param>
    /// <param name="state">What to pass to it.</param>
    /// <param name="dueTime">The time to the first call; zero: at once, but not on the caller's stack; <see cref="Timeout.InfiniteTimeSpan"/>: not until <see cref="ITimer.Change"/>.</param>
    /// <param name="period">The time between calls; zero or <see cref="Timeout.InfiniteTimeSpan"/>: one call only. Calls keep to the fixed rate; after a stall the missed ones are not made up for.</param>
    /// <returns>The timer. It is rooted while it is armed. Its callback runs in the execution context of this call, unless the flow is suppressed.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="callback"/> is <see langword="null"/>.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A time is negative and not infinite, or longer than 4,294,967,294 ms.</exception>
    /// <remarks>Arming and cancelling are O(1) and allocate nothing; creating allocates the timer. <see cref="IAsyncDisposable.DisposeAsync"/> completes when no callback is running any more.</remarks>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        ArgumentNullException.ThrowIfNull(callback);
        if (!_service.IsRunning)
        {
            return System.CreateTimer(callback, state, dueTime, period);
        }

        var timer = new RuntimeTimer(_service.ShardForCaller(), _slack, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }
}
