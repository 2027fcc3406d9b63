using System.Runtime.InteropServices;

namespace Runtime.Core.Concurrency;

/// <summary>Waiting on a word of memory, as the Linux kernel offers it to threads of one process.</summary>
internal static unsafe partial class Futex
{
    // FUTEX_WAIT and FUTEX_WAKE, each with FUTEX_PRIVATE_FLAG (128): the word is never shared with another process.
    private const nint WaitPrivate = 0 | 128;
    private const nint WakePrivate = 1 | 128;

    // The number of futex(2) in the system call table; 0 where the layouts below have not been verified.
    private static readonly nint CallNumber = FindCallNumber();

    /// <summary>Gets whether the system has futexes and lets this process use them.</summary>
    public static bool IsSupported { get; } = CallNumber != 0 && Probe();

    /// <summary>Sleeps while the word has the given value. May return for no reason: look at the word again.</summary>
    public static void Wait(int* word, int expected) => SystemCall(CallNumber, word, WaitPrivate, expected, null);

    /// <summary>Sleeps while the word has the given value, but no longer than the time. May return for no reason.</summary>
    public static void Wait(int* word, int expected, TimeSpan timeout)
    {
        // Relative, on CLOCK_MONOTONIC: the same clock as Stopwatch, and steps of the wall clock have no effect.
        var limit = new Timespec
        {
            Seconds = timeout.Ticks / TimeSpan.TicksPerSecond,
            Nanoseconds = timeout.Ticks % TimeSpan.TicksPerSecond * TimeSpan.NanosecondsPerTick,
        };
        SystemCall(CallNumber, word, WaitPrivate, expected, &limit);
    }

    /// <summary>Wakes one thread that sleeps on the word.</summary>
    public static void WakeOne(int* word) => SystemCall(CallNumber, word, WakePrivate, 1, null);

    private static nint FindCallNumber() => (OperatingSystem.IsLinux(), RuntimeInformation.ProcessArchitecture) switch
    {
        (true, Architecture.X64) => 202,
        (true, Architecture.Arm64) => 98,
        _ => 0,
    };

    // A sandbox may forbid the call. Found out here once, so that Wait and WakeOne cannot fail for that reason later:
    // a wait that always fails would turn a park into a busy loop.
    private static bool Probe()
    {
        try
        {
            var word = 0;
            return SystemCall(CallNumber, &word, WakePrivate, 1, null) == 0;
        }
        catch (Exception e) when (e is DllNotFoundException or EntryPointNotFoundException)
        {
            return false;
        }
    }

    // Not marked with SuppressGCTransition: a sleeping thread must not hold up a garbage collection.
    [LibraryImport("libc", EntryPoint = "syscall")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial nint SystemCall(nint number, int* word, nint operation, nint value, Timespec* timeout);

    // struct timespec where time_t and long have 64 bits.
    [StructLayout(LayoutKind.Sequential)]
    private struct Timespec
    {
        public long Seconds;
        public long Nanoseconds;
    }
}
