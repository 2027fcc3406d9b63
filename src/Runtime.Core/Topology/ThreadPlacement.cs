using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Runtime.Core.Topology;

/// <summary>Tells the system where the calling thread may run, and which memory it prefers.</summary>
/// <remarks>
/// sched_setaffinity(2), set_mempolicy(2). What the system refuses leaves the thread as it is. The policy is for pages that the thread is the first to touch: its
/// stack, native memory, and what the garbage collector commits while this thread allocates; the collector moves objects later and knows nothing of it.
/// </remarks>
internal static unsafe partial class ThreadPlacement
{
    private const int DefaultPolicy = 0; // MPOL_DEFAULT: that of the process
    private const int Preferred = 1; // MPOL_PREFERRED: elsewhere when the node is full, never out of memory because of it

    // The number of set_mempolicy in the system call table (glibc has no function for it); 0 where it has not been verified.
    private static readonly nint SetMemoryPolicy = (OperatingSystem.IsLinux(), RuntimeInformation.ProcessArchitecture) switch
    {
        (true, Architecture.X64) => 238,
        (true, Architecture.Arm64) => 237,
        _ => 0,
    };

    public static bool IsSupported => SetMemoryPolicy != 0;

    /// <summary>Moves the calling thread to a place.</summary>
    /// <returns>What was refused and why, or <see langword="null"/>.</returns>
    public static string? Apply(WorkerPlace place) => Bind(place.Processors) ?? (place.Memory is { } node ? SetMemory(node) : null);

    /// <summary>Frees the calling thread, which may run anywhere, from the memory policy of a placed thread that has started it.</summary>
    /// <remarks>The binding needs no such thing: .NET gives every thread that it starts the processors of the process.</remarks>
    public static void Clear() => SetMemory(node: null);

    /// <summary>Has the calling thread run on these processors only.</summary>
    /// <returns>What was refused and why, or <see langword="null"/>.</returns>
    public static string? Bind(ProcessorSet processors)
    {
        var mask = processors.ToMask();
        fixed (ulong* words = mask)
        {
            return SchedSetAffinity(0, (nuint)(mask.Length * sizeof(ulong)), words) == 0 ? null : $"The system refused the processors {processors}: {LastError()}";
        }
    }

    private static string? SetMemory(int? node)
    {
        var mask = ProcessorSet.Of(node is { } id ? [id] : []).ToMask();
        fixed (ulong* words = mask)
        {
            // One bit more than there are: the kernel ignores the last (man 2 set_mempolicy, BUGS).
            var result = node is null
                ? SystemCall(SetMemoryPolicy, DefaultPolicy, null, 0)
                : SystemCall(SetMemoryPolicy, Preferred, words, (nuint)((mask.Length * 64) + 1));
            return result == 0 || node is null ? null : $"The system refused memory of node {node}: {LastError()}";
        }
    }

    private static string LastError() => new Win32Exception(Marshal.GetLastPInvokeError()).Message;

    [LibraryImport("libc", EntryPoint = "sched_setaffinity", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int SchedSetAffinity(int thread, nuint bytes, ulong* mask);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial nint SystemCall(nint number, nint mode, ulong* nodes, nuint maxNode);
}
