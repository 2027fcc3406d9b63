using System.Globalization;
using System.Runtime.InteropServices;

namespace Runtime.Core.Concurrency;

/// <summary>Tells from outside whether a thread waits or computes.</summary>
/// <remarks>
/// Managed waits (locks, sleeps, tasks, events) are known to the runtime and cost a call to find out. Waits inside the system (a read from a
/// pipe, a socket, a disk) are known on Linux only, from /proc, for some 10 µs.
/// </remarks>
internal sealed partial class ThreadProbe
{
    private readonly Thread _thread;

    // The file of the thread in /proc; null where there is none.
    private readonly string? _status;

    private ThreadProbe(Thread thread, string? status)
    {
        _thread = thread;
        _status = status;
    }

    public static ThreadProbe OfCurrentThread()
    {
        var id = OperatingSystem.IsLinux() ? FindThreadId() : 0;
        return new ThreadProbe(Thread.CurrentThread, id > 0 ? string.Create(CultureInfo.InvariantCulture, $"/proc/self/task/{id}/stat") : null);
    }

    /// <summary>Whether it is in a wait of the managed runtime now.</summary>
    public bool IsInManagedWait => _thread.ThreadState.HasFlag(ThreadState.WaitSleepJoin);

    /// <summary>Whether it sleeps in the kernel now, as far as the system tells.</summary>
    public bool IsInSystemWait()
    {
        if (_status is null)
        {
            return false;
        }

        try
        {
            // pid (name) state …: the name may hold anything, the last parenthesis ends it. R runs or waits for a processor only.
            var text = File.ReadAllText(_status);
            var state = text[text.LastIndexOf(')') + 2];
            return state is 'S' or 'D';
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentOutOfRangeException)
        {
            return false; // the thread has ended, or /proc is not to be read here
        }
    }

    private static long FindThreadId()
    {
        nint number = RuntimeInformation.ProcessArchitecture switch
        {
            Architecture.X64 => 186,
            Architecture.Arm64 => 178,
            _ => 0,
        };
        try
        {
            return number == 0 ? 0 : SystemCall(number);
        }
        catch (Exception exception) when (exception is DllNotFoundException or EntryPointNotFoundException)
        {
            return 0;
        }
    }

    // gettid(2), by the number in the system call table.
    [LibraryImport("libc", EntryPoint = "syscall")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial nint SystemCall(nint number);
}
