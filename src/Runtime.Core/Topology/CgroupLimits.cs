using System.Globalization;

namespace Runtime.Core.Topology;

/// <summary>What the control groups of this process allow it: how much processor time, and on which processors.</summary>
/// <param name="Quota">In processors, e.g. 0.5 for 50 ms of every 100 ms; <see langword="null"/> for no limit.</param>
/// <param name="Processors">Those of its cpuset; <see langword="null"/> where none is told.</param>
/// <remarks>
/// A limit holds for everything below its group, so every group from the process's own up to the root of what is mounted is read and the least counts.
/// In a container the paths of <c>/proc/self/cgroup</c> may be the host's, of which only the end, or nothing but the root, is mounted: what is not there is passed over.
/// Sources: the kernel's admin-guide/cgroup-v2 (cpu.max, cpuset.cpus.effective) and cgroup-v1 (cpu.cfs_quota_us, cpuset.effective_cpus).
/// </remarks>
internal sealed record CgroupLimits(double? Quota, ProcessorSet? Processors)
{
    private const string Mounts = "sys/fs/cgroup";

    public static CgroupLimits Read(SystemTree tree)
    {
        double? quota = null;
        ProcessorSet? processors = null;
        foreach (var line in (tree.Text("proc/self/cgroup") ?? string.Empty).Split('\n'))
        {
            // hierarchy:controllers:path, the controllers empty for version 2
            var parts = line.Split(':', 3);
            if (parts.Length < 3)
            {
                continue;
            }

            var controllers = parts[1].Split(',');
            foreach (var mount in MountsOf(parts[1]))
            {
                foreach (var group in FromHereUp(mount, parts[2].Trim()))
                {
                    quota = Least(quota, parts[1].Length == 0 ? QuotaOf2(tree, group) : controllers.Contains("cpu", StringComparer.Ordinal) ? QuotaOf1(tree, group) : null);
                    if (parts[1].Length == 0 || controllers.Contains("cpuset", StringComparer.Ordinal))
                    {
                        processors ??= CpusetOf(tree, group); // the nearest group that tells: it is within those above
                    }
                }
            }
        }

        return new CgroupLimits(quota, processors);
    }

    // Version 2 alone, or beside version 1. Version 1: a folder for each controller, or one for those that are mounted together.
    private static IEnumerable<string> MountsOf(string controllers) =>
        controllers.Length == 0 ? [Mounts, Mounts + "/unified"] : controllers.Split(',').Prepend(controllers).Distinct(StringComparer.Ordinal).Select(static name => $"{Mounts}/{name}");

    private static IEnumerable<string> FromHereUp(string mount, string path)
    {
        // "/.." parts stand for groups outside the process's cgroup namespace: nothing of them is mounted here.
        var rest = path.Contains("..", StringComparison.Ordinal) ? string.Empty : path.TrimEnd('/');
        while (rest.Length > 1)
        {
            yield return mount + rest;
            rest = rest[..rest.LastIndexOf('/')];
        }

        yield return mount;
    }

    private static double? QuotaOf2(SystemTree tree, string group)
    {
        // "max 100000" or "50000 100000"
        var words = tree.Text(group + "/cpu.max")?.Split(' ');
        return words is [var quota, var period] ? Share(ToNumber(quota), ToNumber(period)) : null;
    }

    private static double? QuotaOf1(SystemTree tree, string group) => Share(tree.Number(group + "/cpu.cfs_quota_us"), tree.Number(group + "/cpu.cfs_period_us"));

    private static ProcessorSet? CpusetOf(SystemTree tree, string group) =>
        NotEmpty(tree.Set(group + "/cpuset.cpus.effective")) ?? NotEmpty(tree.Set(group + "/cpuset.effective_cpus")) ?? NotEmpty(tree.Set(group + "/cpuset.cpus"));

    private static ProcessorSet? NotEmpty(ProcessorSet? set) => set is { Count: > 0 } ? set : null;

    private static double? Share(long? quota, long? period) => quota > 0 && period > 0 ? (double)quota / period : null;

    private static double? Least(double? left, double? right) => left is null || right < left ? right ?? left : left;

    private static long? ToNumber(string text) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
}
