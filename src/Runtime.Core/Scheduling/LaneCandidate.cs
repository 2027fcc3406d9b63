using System.Runtime.InteropServices;

namespace Runtime.Core.Scheduling;

/// <summary>An item that could run next, with the level that its age gives it.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly struct LaneCandidate(LaneNode item, int level)
{
    public LaneNode Item { get; } = item;

    public int Level { get; } = level;

    /// <summary>The order of the design: level, then deadline, then arrival.</summary>
    public bool Precedes(LaneCandidate other) =>
        Level != other.Level ? Level < other.Level
        : Item.DeadlineTicks != other.Item.DeadlineTicks ? Item.DeadlineTicks < other.Item.DeadlineTicks
        : Item.Sequence < other.Item.Sequence;
}
