using System.Runtime.InteropServices;

namespace Runtime.Core.IO;

/// <summary>epoll(7) and eventfd(2), as the C library offers them.</summary>
internal static unsafe partial class Epoll
{
    public const int Add = 1;
    public const int Delete = 2;

    // EPOLLIN, EPOLLPRI, EPOLLOUT, EPOLLERR, EPOLLHUP, EPOLLRDHUP, EPOLLET.
    public const uint In = 0x001;
    public const uint Urgent = 0x002;
    public const uint Out = 0x004;
    public const uint Error = 0x008;
    public const uint HangUp = 0x010;
    public const uint ReadHangUp = 0x2000;
    public const uint EdgeTriggered = 1u << 31;

    // EPOLL_CLOEXEC, EFD_CLOEXEC and EFD_NONBLOCK.
    public const int CloseOnExec = 0x80000;
    public const int NonBlocking = 0x800;

    /// <summary>The size of a struct epoll_event and where its data begins: it is packed on x64 only.</summary>
    public static readonly int EventSize = RuntimeInformation.ProcessArchitecture is Architecture.X64 or Architecture.X86 ? 12 : 16;
    public static readonly int DataOffset = EventSize - sizeof(ulong);

    /// <summary>What has happened, in our words. Errors and hang-ups end every wait that they concern.</summary>
    public static IoEvents Translate(uint bits)
    {
        var events = IoEvents.None;
        if ((bits & (In | ReadHangUp | HangUp | Error)) != 0)
        {
            events |= IoEvents.Readable;
        }

        if ((bits & (Out | HangUp | Error)) != 0)
        {
            events |= IoEvents.Writable;
        }

        if ((bits & (Urgent | HangUp | Error)) != 0)
        {
            events |= IoEvents.Error;
        }

        if ((bits & (ReadHangUp | HangUp)) != 0)
        {
            events |= IoEvents.ReadClosed;
        }

        return (bits & HangUp) != 0 ? events | IoEvents.WriteClosed : events;
    }

    [LibraryImport("libc", EntryPoint = "epoll_create1", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial int Create(int flags);

    [LibraryImport("libc", EntryPoint = "epoll_ctl", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial int Control(FileHandle epoll, int operation, nint handle, byte* settings);

    [LibraryImport("libc", EntryPoint = "epoll_wait", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial int Wait(FileHandle epoll, byte* events, int capacity, int timeout);

    [LibraryImport("libc", EntryPoint = "eventfd", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial int CreateEvent(uint value, int flags);

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial nint Write(FileHandle handle, ulong* value, nint size);
}
