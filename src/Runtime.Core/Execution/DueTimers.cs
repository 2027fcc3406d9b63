using Runtime.Core.Scheduling;
using Runtime.Core.Timing;

namespace Runtime.Core.Execution;

/// <summary>Brings due timers to the workers, before normal work: a time-out that waits behind the load that it is to limit is of no use.</summary>
/// <remarks>
/// Timers come in crowds, and most callbacks take less time than a turn in a priority's queue. So what goes through the lane is not each timer but a <see cref="TimerRound"/>, which runs
/// some of a <see cref="TimerCrowd"/>. Thread safe. Allocates nothing once warm.
/// </remarks>
internal sealed class DueTimers(WorkDispatcher dispatcher) : ITimerSink
{
    public bool IsBackgroundThread => Worker.Current is not null || BlockingPool.IsCurrentThread;

    public void Queue(WorkItem item)
    {
        item.Priority = TaskPriority.High;
        dispatcher.Dispatch(item);
    }

    public void QueueMany(ReadOnlySpan<TimerPlace> timers)
    {
        if (timers.Length == 1)
        {
            Queue(timers[0].Entry!);
            return;
        }

        var crowd = dispatcher.Pool.Take<TimerCrowd>();
        crowd.Fill(dispatcher, timers);
        crowd.SendRound();
    }
}
