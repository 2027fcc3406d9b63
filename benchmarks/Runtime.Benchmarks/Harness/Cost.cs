using System.Runtime.InteropServices;

namespace Runtime.Benchmarks.Harness;

/// <summary>What the whole process has spent so far, or, as a difference, during a round.</summary>
/// <param name="Allocated">Managed bytes allocated, exact.</param>
/// <param name="Processor">Processor time of all threads, in seconds.</param>
/// <param name="Voluntary">Context switches because a thread waited.</param>
/// <param name="Involuntary">Context switches because the kernel took the processor away.</param>
/// <param name="LockWaits">How often a thread found a lock taken.</param>
/// <param name="Gen0">Collections of generation 0 and above.</param>
/// <param name="Gen1">Collections of generation 1 and above.</param>
/// <param name="Gen2">Collections of generation 2.</param>
/// <param name="Pause">How long the collector stopped the threads, in seconds.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct Cost(long Allocated, double Processor, long Voluntary, long Involuntary, long LockWaits, int Gen0, int Gen1, int Gen2, double Pause)
{
    public static Cost Read()
    {
        var (voluntary, involuntary) = ContextSwitches.Read();
        return new Cost(
            GC.GetTotalAllocatedBytes(precise: true),
            Environment.CpuUsage.TotalTime.TotalSeconds,
            voluntary,
            involuntary,
            Monitor.LockContentionCount,
            GC.CollectionCount(0),
            GC.CollectionCount(1),
            GC.CollectionCount(2),
            GC.GetTotalPauseDuration().TotalSeconds);
    }

    public static Cost operator -(Cost left, Cost right) => new(
        left.Allocated - right.Allocated,
        left.Processor - right.Processor,
        left.Voluntary - right.Voluntary,
        left.Involuntary - right.Involuntary,
        left.LockWaits - right.LockWaits,
        left.Gen0 - right.Gen0,
        left.Gen1 - right.Gen1,
        left.Gen2 - right.Gen2,
        left.Pause - right.Pause);
}
