using System.Runtime.InteropServices;

namespace Runtime.Benchmarks.Harness;

/// <summary>Counts context switches of the whole process.</summary>
/// <remarks><c>/proc/self/status</c> counts those of the main thread only; <c>getrusage</c> sums all threads, ended ones too.</remarks>
internal static unsafe partial class ContextSwitches
{
    // struct rusage on 64-bit Linux: two timeval of two longs, then fourteen longs, of which the last two are these.
    private const int Longs = 18;
    private const int VoluntaryIndex = 16;
    private const int InvoluntaryIndex = 17;

    public static (long Voluntary, long Involuntary) Read()
    {
        if (!OperatingSystem.IsLinux() || !Environment.Is64BitProcess)
        {
            return (0, 0);
        }

        var usage = stackalloc long[Longs];
        return GetResourceUsage(who: 0, usage) == 0 ? (usage[VoluntaryIndex], usage[InvoluntaryIndex]) : (0, 0);
    }

    [LibraryImport("libc", EntryPoint = "getrusage")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int GetResourceUsage(int who, long* usage);
}
