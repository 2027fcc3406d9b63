namespace Runtime.Core;

/// <summary>Repeats work on what work can be started on.</summary>
public static class PeriodicWorkExtensions
{
    /// <summary>Starts work again and again, until it is stopped.</summary>
    /// <param name="spawner">Where it runs: an <see cref="AsyncRuntime"/>, an <see cref="Execution.SingleThreadedExecutor"/>, a <see cref="TaskScope"/>.</param>
    /// <param name="period">The time between two ticks, or with <see cref="PeriodicRhythm.FixedDelay"/> between the end of a run and the start of the next: 1 ms to 4,294,967,294 ms (about 49.7 days).</param>
    /// <param name="work">One run. Its token is cancelled when the work is stopped, and by the spawner's <see cref="ITaskSpawner.Stopping"/>.</param>
    /// <param name="options">Rhythm, missed ticks, overlap, priority; <see langword="null"/> for a fixed rate without overlap that skips what it misses.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <returns>The handle by which it is watched, changed and stopped. It goes on whether or not anybody holds it.</returns>
    /// <remarks>
    /// <para>
    /// Each run is spawned work of its own: counted, named, ordered by priority, and waited for by a stop. Between two runs there is only a timer; so
    /// a runtime that stops waits for a run that goes on, and never for the next one. The caller's <see cref="ExecutionContext"/> flows into every run.
    /// </para>
    /// <para>
    /// Ticks are exact multiples of the period from the first one; no error adds up. After a stall, or a jump of the clock, <see cref="PeriodicOptions.Missed"/> decides; there is never a burst that
    /// was not asked for. Time is monotonic: steps of the wall clock have no effect, and what a machine sleeps through counts if its monotonic clock counts it (Linux: no; Windows: yes).
    /// </para>
    /// <para>A run that fails is reported through <see cref="AsyncRuntime.UnhandledException"/> where the spawner is a runtime, and counted. For calendars, and for work that must not be lost, use durable jobs.</para>
    /// </remarks>
    /// <exception cref="ArgumentNullException">An argument is <see langword="null"/>.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The period or an option is out of its range.</exception>
    /// <exception cref="ArgumentException">Options contradict each other.</exception>
    /// <exception cref="InvalidOperationException">The spawner takes no work any more, or not yet.</exception>
    public static PeriodicWork SpawnPeriodic(
        this ITaskSpawner spawner,
        TimeSpan period,
        Func<PeriodicTick, CancellationToken, ValueTask> work,
        PeriodicOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(spawner);
        ArgumentNullException.ThrowIfNull(work);
        PeriodicWork.CheckPeriod(period, nameof(period));
        options ??= PeriodicOptions.Default;
        PeriodicWork.Check(options, nameof(options));
        if (spawner is AsyncRuntime { State: not Lifecycle.RuntimeState.Running } runtime)
        {
            throw new RuntimeNotRunningException(runtime.State);
        }

        if (spawner.Stopping.IsCancellationRequested)
        {
            throw new InvalidOperationException($"The {spawner.GetType().Name} takes no work any more: its {nameof(ITaskSpawner.Stopping)} token has been cancelled. Start periodic work before that.");
        }

        var periodic = new PeriodicWork(spawner, period, work, options);
        periodic.Start(cancellationToken);
        return periodic;
    }
}
