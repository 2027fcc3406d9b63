using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Runtime.Core.Scheduling;

/// <summary>Sets the operating system's priority of the calling thread.</summary>
/// <remarks>
/// On Linux nice values and policies are per thread (man 7 sched), and <see cref="Thread.Priority"/> has no effect there.
/// A thread may always lower itself; raising it again needs a privilege, so threads are replaced instead.
/// </remarks>
internal static partial class ThreadPriorities
{
    private const int WhichProcess = 0; // PRIO_PROCESS; with id 0 it means the calling thread
    private const int IdlePolicy = 5; // SCHED_IDLE

    /// <summary>Gets the policy and the nice value of the calling thread, with which every thread begins that it starts; the same for all where that is not so.</summary>
    public static (int Policy, int Nice) Current => OperatingSystem.IsLinux() ? (GetScheduler(0), GetPriority(WhichProcess, 0)) : default;

    /// <summary>Applies a level to the calling thread. What the system refuses leaves the thread as it is.</summary>
    /// <returns>Why it could not be applied, or <see langword="null"/>.</returns>
    public static string? Apply(WorkerIsolation isolation)
    {
        if (isolation == WorkerIsolation.None)
        {
            return null;
        }

        if (!OperatingSystem.IsLinux())
        {
            Thread.CurrentThread.Priority = isolation == WorkerIsolation.BelowNormal ? ThreadPriority.BelowNormal : ThreadPriority.Lowest;
            return isolation == WorkerIsolation.Idle ? $"{nameof(WorkerIsolation)}.{nameof(WorkerIsolation.Idle)} needs Linux; {nameof(ThreadPriority.Lowest)} is used." : null;
        }

        var result = isolation switch
        {
            WorkerIsolation.Idle => SetScheduler(0, IdlePolicy, new SchedulerParameter()),
            WorkerIsolation.Lowest => SetPriority(WhichProcess, 0, 19),
            _ => SetPriority(WhichProcess, 0, 10),
        };
        return result == 0 ? null : $"The system refused isolation {isolation}: {new Win32Exception(Marshal.GetLastPInvokeError()).Message}";
    }

    [LibraryImport("libc", EntryPoint = "getpriority")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int GetPriority(int which, int who);

    [LibraryImport("libc", EntryPoint = "sched_getscheduler")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int GetScheduler(int process);

    [LibraryImport("libc", EntryPoint = "setpriority", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int SetPriority(int which, int who, int priority);

    [LibraryImport("libc", EntryPoint = "sched_setscheduler", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int SetScheduler(int process, int policy, in SchedulerParameter parameter);

    // struct sched_param
    [StructLayout(LayoutKind.Sequential)]
    private readonly struct SchedulerParameter
    {
        private readonly int _priority;
    }
}
