namespace Runtime.Core.Topology;

/// <summary>Which processors this process may use, and how much of them, at the moment of reading.</summary>
/// <remarks>
/// <see cref="Environment.ProcessorCount"/> tells the same of the moment at which the process began, without the quotas of the groups above its own (a pod's above a
/// container's). Read anew because Kubernetes can resize a pod in place.
/// </remarks>
/// <param name="Allowed">Those that it may run on: its affinity and its cpuset, as far as they are on line. Never empty.</param>
/// <param name="Quota">How much processor time its control groups allow, in processors; <see langword="null"/> where no limit is found.</param>
internal sealed record AvailableProcessors(ProcessorSet Allowed, double? Quota)
{
    /// <summary>Gets whether the quota is less than the processors: somebody else is meant to use the rest of them.</summary>
    public bool IsShared => Quota < Allowed.Count;

    /// <summary>How many threads of this process can compute at once; at least 1. Whoever sets <c>DOTNET_PROCESSOR_COUNT</c> has decided, and is obeyed.</summary>
    public int Count() => Environment.GetEnvironmentVariable("DOTNET_PROCESSOR_COUNT") is { Length: > 0 } ? Environment.ProcessorCount : Count(Environment.ProcessorCount);

    /// <summary>The same, with a part of a processor rounded up: 0.5 is 1, 1.5 is 2.</summary>
    /// <param name="known">What .NET found. It counts where no quota is found: .NET also knows control groups that are mounted elsewhere.</param>
    public int Count(int known) => Quota is { } quota ? Math.Max(1, (int)Math.Min(Allowed.Count, Math.Ceiling(quota))) : Math.Min(Allowed.Count, known);
}
