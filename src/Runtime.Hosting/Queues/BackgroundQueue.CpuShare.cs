using System.Numerics;
using Runtime.Core;

namespace Runtime.Hosting.Queues;

// Pumps under MaxCpuShare. A worker runs what has priority Critical in spite of its debt and does not charge it, and to the worker a pump is one item. So while there is a share there are
// two kinds of pump: those of priority Critical take only what is Critical by its caller's word; the others take everything else, and no age makes them more urgent than High. When what is
// next is for the other kind, a pump's turn ends. Each kind has one pump on its way while there is something for it; for what has no share, see Pump.
internal sealed partial class BackgroundQueue
{
    private bool HasCpuShare => _services.Runtime.HasCpuShare;

    private static bool IsFree(QueuePump pump) => pump.Level == (int)TaskPriority.Critical;

    // The lanes that a pump takes from.
    private uint LanesOf(QueuePump pump) => HasCpuShare && IsFree(pump) ? WorkLanes.CriticalLane : uint.MaxValue;

    // Whether the best item is not for this pump to take. It is left to a free one all the same when it is not the best: what is older and boosted goes first.
    private bool IsForAFreePump(QueuePump pump, WorkLanes.Candidate best) => HasCpuShare && !IsFree(pump) && best.Item.LanePriority == TaskPriority.Critical;

    private void EnsureBothKinds_NeedsLock(long now, ref Afterwork after)
    {
        if (NeedsNoPump_NeedsLock)
        {
            return;
        }

        if (_lanes.Count == 0)
        {
            Collect_NeedsLock(now);
        }

        if ((_dispatchedLevels & WorkLanes.CriticalLane) == 0 && _lanes.TryPeek(now, _settings.StarvationTicks, out var critical, WorkLanes.CriticalLane))
        {
            AddPump_NeedsLock((int)TaskPriority.Critical, critical.Item.DeadlineTicks, ref after);
        }

        if (_lanes.TryPeek(now, _settings.StarvationTicks, out var best, WorkLanes.OtherLanes)
            && Math.Max((int)TaskPriority.High, best.Level) is var level
            && level < BitOperations.TrailingZeroCount(_dispatchedLevels & WorkLanes.OtherLanes))
        {
            AddPump_NeedsLock(level, best.Item.DeadlineTicks, ref after);
        }
    }
}
