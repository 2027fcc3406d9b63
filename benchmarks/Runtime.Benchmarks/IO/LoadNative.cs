using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Runtime.Benchmarks.IO;

/// <summary>What the load generator asks of the system, past all of .NET's own machinery: it must cost as little as can be, and the same for every contender.</summary>
[SkipLocalsInit]
internal static unsafe partial class LoadNative
{
    // EPOLL_CTL_ADD, EPOLLIN | EPOLLET, PR_SET_TIMERSLACK, MSG_DONTWAIT | MSG_NOSIGNAL.
    private const int Add = 1;
    private const uint Interest = 1u | (1u << 31);
    private const int SetTimerSlack = 29;
    private const int Flags = 0x40 | 0x4000;

    private static readonly int EventSize = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 12 : 16;

    public static int Create() => EpollCreate(0);

    public static void Watch(int epoll, int descriptor, uint index)
    {
        var settings = stackalloc byte[16];
        *(uint*)settings = Interest;
        *(uint*)(settings + EventSize - 8) = index;
        *(uint*)(settings + EventSize - 4) = 0;
        if (EpollControl(epoll, Add, descriptor, settings) != 0)
        {
            throw new IOException($"epoll_ctl: error {Marshal.GetLastPInvokeError()}");
        }
    }

    /// <summary>Has waits of the calling thread end when they are due, and not up to 50 µs later.</summary>
    public static void SharpenTimers() => _ = ProcessControl(SetTimerSlack, 1, 0, 0, 0);

    /// <summary>Waits, and writes the indexes of those that are readable.</summary>
    public static int Wait(int epoll, Span<uint> ready, long nanoseconds)
    {
        var buffer = stackalloc byte[256 * 16];
        var timeout = stackalloc long[] { nanoseconds / 1_000_000_000, nanoseconds % 1_000_000_000 };
        var count = EpollWait(epoll, buffer, Math.Min(256, ready.Length), timeout, null);
        for (var i = 0; i < count; i++)
        {
            ready[i] = *(uint*)(buffer + (i * EventSize) + EventSize - 8);
        }

        return Math.Max(0, count);
    }

    public static int Send(int descriptor, byte* bytes, int count) => (int)SendCall(descriptor, bytes, (nuint)count, Flags);

    public static int Receive(int descriptor, byte* bytes, int count) => (int)ReceiveCall(descriptor, bytes, (nuint)count, Flags);

    [LibraryImport("libc", EntryPoint = "epoll_create1")]
    private static partial int EpollCreate(int flags);

    [LibraryImport("libc", EntryPoint = "epoll_ctl", SetLastError = true)]
    private static partial int EpollControl(int epoll, int operation, int descriptor, byte* settings);

    [LibraryImport("libc", EntryPoint = "epoll_pwait2")]
    private static partial int EpollWait(int epoll, byte* events, int capacity, long* timeout, void* signals);

    [LibraryImport("libc", EntryPoint = "prctl")]
    private static partial int ProcessControl(int option, nint first, nint second, nint third, nint fourth);

    [LibraryImport("libc", EntryPoint = "send")]
    private static partial nint SendCall(int descriptor, byte* bytes, nuint count, int flags);

    [LibraryImport("libc", EntryPoint = "recv")]
    private static partial nint ReceiveCall(int descriptor, byte* bytes, nuint count, int flags);
}
