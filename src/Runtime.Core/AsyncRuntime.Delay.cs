using Runtime.Core.Execution;
using Runtime.Core.Timing;

namespace Runtime.Core;

// Waits for time that allocate nothing.
public sealed partial class AsyncRuntime
{
    /// <summary>Waits for a length of time, on the runtime's timers.</summary>
    /// <param name="delay">
    /// How long: <see cref="TimeSpan.Zero"/> or more, up to 4,294,967,294 ms (about 49.7 days), at the resolution of <see cref="TimerOptions.Resolution"/> and never less;
    /// or <see cref="Timeout.InfiniteTimeSpan"/>: until it is cancelled. Parts of a millisecond below zero count as zero.
    /// </param>
    /// <param name="cancellationToken">Ends the wait before its time.</param>
    /// <returns>A value task, to be awaited once. A second await throws an <see cref="InvalidOperationException"/> that says so; <see cref="ValueTask.AsTask"/> gives a task for more.</returns>
    /// <remarks>
    /// <para>
    /// Thread safe. Ends exactly once: elapsed or cancelled, whichever is first. An await on a worker goes on on a worker, at the priority and deadline of its
    /// work, with <c>ConfigureAwait(false)</c> too; an await elsewhere goes on where one of a task would: on its context or scheduler, or on the ThreadPool.
    /// Nothing of it ever runs inside <see cref="CancellationTokenSource.Cancel()"/>.
    /// </para>
    /// <para>
    /// Allocates nothing once the runtime is warm, but for the exception of one that is cancelled: <see cref="TryDelay"/> says so without.
    /// A delay of zero is complete at once, and takes a unit of the budget (<see cref="ConsumeBudget"/>).
    /// </para>
    /// <para>
    /// Before the start and after the stop it runs on the timers of the system; one that is pending when the runtime stops is moved there. So it ends in time, whatever
    /// becomes of the runtime; it is cancelled by a stop only through <paramref name="cancellationToken"/>: pass the token of the work.
    /// </para>
    /// </remarks>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="delay"/> is negative and not infinite, or too long.</exception>
    /// <exception cref="OperationCanceledException">By the await: it was cancelled. A <see cref="TaskCanceledException"/> with the token, as of <c>Task.Delay</c>.</exception>
    public ValueTask Delay(TimeSpan delay, CancellationToken cancellationToken = default) => Delay(delay, TimeSpan.Zero, cancellationToken);

    /// <summary>Waits for a length of time that need not be kept exactly, so that several such waits end in one wake-up of the processor.</summary>
    /// <param name="delay">How long at least; as for <see cref="Delay(TimeSpan, CancellationToken)"/>.</param>
    /// <param name="slack">How much longer it may take: zero or more. <see cref="TimerOptions.Slack"/> is the least slack of all timers.</param>
    /// <param name="cancellationToken">Ends the wait before its time.</param>
    /// <exception cref="ArgumentOutOfRangeException">A time is out of its range.</exception>
    /// <inheritdoc cref="Delay(TimeSpan, CancellationToken)"/>
    public ValueTask Delay(TimeSpan delay, TimeSpan slack, CancellationToken cancellationToken = default)
    {
        delay = CheckedDelay(delay, slack);
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled(cancellationToken);
        }

        if (delay == TimeSpan.Zero && CooperativeBudget.TryTake())
        {
            return ValueTask.CompletedTask;
        }

        var item = StartDelay(delay, slack, cancellationToken, out var version);
        return new ValueTask(item, version);
    }

    /// <summary>Waits for a length of time, and says whether it has passed. As <see cref="Delay(TimeSpan, CancellationToken)"/>, without an exception when it is cancelled.</summary>
    /// <param name="delay">How long; as for <see cref="Delay(TimeSpan, CancellationToken)"/>.</param>
    /// <param name="cancellationToken">Ends the wait before its time.</param>
    /// <returns>
    /// A value task, to be awaited once: <see langword="true"/> when the time has passed, <see langword="false"/> when it was cancelled before. For loops that end with a token, and
    /// for time-outs that are mostly cancelled: a cancelled wait allocates nothing either.
    /// </returns>
    /// <remarks>For the rest see <see cref="Delay(TimeSpan, CancellationToken)"/>.</remarks>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="delay"/> is negative and not infinite, or too long.</exception>
    public ValueTask<bool> TryDelay(TimeSpan delay, CancellationToken cancellationToken)
    {
        delay = CheckedDelay(delay, slack: TimeSpan.Zero);
        if (cancellationToken.IsCancellationRequested)
        {
            return new ValueTask<bool>(false);
        }

        if (delay == TimeSpan.Zero && CooperativeBudget.TryTake())
        {
            return new ValueTask<bool>(true);
        }

        var item = StartDelay(delay, slack: TimeSpan.Zero, cancellationToken, out var version);
        return new ValueTask<bool>(item, version);
    }

    // With one form for "now" and one for "never".
    private static TimeSpan CheckedDelay(TimeSpan delay, TimeSpan slack)
    {
        TimerArguments.CheckSlack(slack, nameof(slack));
        if ((ulong)delay.Ticks <= (ulong)TimerArguments.Longest.Ticks)
        {
            return delay;
        }

        // In whole milliseconds, as the library checks: what is cut off below zero is zero.
        return (long)delay.TotalMilliseconds switch
        {
            0 => TimeSpan.Zero,
            -1 => Timeout.InfiniteTimeSpan,
            _ => throw new ArgumentOutOfRangeException(
                nameof(delay),
                delay,
                $"A delay must be from zero to {TimerArguments.Longest.TotalMilliseconds:N0} ms (about 49.7 days), or {nameof(Timeout)}.{nameof(Timeout.InfiniteTimeSpan)}; wait for longer in several steps."),
        };
    }

    private DelayItem StartDelay(TimeSpan delay, TimeSpan slack, CancellationToken token, out short version)
    {
        var pool = _dispatcher.Pool;
        var item = pool.Take<DelayItem>();
        version = delay == TimeSpan.Zero ? item.StartElapsed(pool) : item.Start(pool, _timers, delay, slack, token);
        return item;
    }
}
