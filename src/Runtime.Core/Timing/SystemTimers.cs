namespace Runtime.Core.Timing;

/// <summary>Runs a timer of the wheel on a timer of the system, for the time after the stop.</summary>
internal static class SystemTimers
{
    /// <summary>Arms the system timer behind a timer. Under the service's lock: the system runs no callback inside this call.</summary>
    public static void Arm(TimerEntry timer, TimeSpan dueTime, TimeSpan period)
    {
        dueTime = TimerArguments.WholeMilliseconds(dueTime);
        period = TimerArguments.WholeMilliseconds(period);
        if (timer.SystemTimer is not null)
        {
            timer.SystemTimer.Change(dueTime, period);
        }
        else if (ExecutionContext.IsFlowSuppressed())
        {
            timer.SystemTimer = Create(timer, dueTime, period);
        }
        else
        {
            // The timer has its creator's context; the stopping thread's is none of its business.
            using (ExecutionContext.SuppressFlow())
            {
                timer.SystemTimer = Create(timer, dueTime, period);
            }
        }
    }

    private static ITimer Create(TimerEntry timer, TimeSpan dueTime, TimeSpan period) =>
        TimeProvider.System.CreateTimer(static timer => ((TimerEntry)timer!).Run(), timer, dueTime, period);
}
