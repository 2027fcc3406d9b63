namespace Runtime.Core.Topology;

/// <summary>How many threads of this process can compute at once.</summary>
/// <remarks>
/// <see cref="Environment.ProcessorCount"/> is the affinity and the quota of the process's own control group as they were when the process began. Added here: the
/// quotas of the groups above (a pod's above a container's), and all of them as they are now (Kubernetes resizes pods in place).
/// Whoever sets <c>DOTNET_PROCESSOR_COUNT</c> has decided, and is obeyed.
/// </remarks>
internal static class AvailableProcessors
{
    /// <summary>Counts them; at least 1. Reads some ten small files.</summary>
    public static int Count()
    {
        var known = Environment.ProcessorCount;
        return !OperatingSystem.IsLinux() || known == 1 || Environment.GetEnvironmentVariable("DOTNET_PROCESSOR_COUNT") is { Length: > 0 }
            ? known
            : CpuTopology.Limit(known, CgroupLimits.Read(new SystemTree("/")).Quota);
    }
}
