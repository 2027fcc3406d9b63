using System.Runtime.InteropServices;

namespace Runtime.Core;

/// <summary>What a run of periodic work is told about the tick that it serves.</summary>
/// <param name="Number">The number of the run; the first is 1.</param>
/// <param name="Missed">How many ticks have been left out since the run before.</param>
/// <param name="Lateness">How long after its time the tick is served.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct PeriodicTick(long Number, long Missed, TimeSpan Lateness);
