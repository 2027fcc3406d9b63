using System.Net.Sockets;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Runtime.Core.Tests.IO;

/// <summary>Handles that are no sockets: event counters, watches of directories, terminals, pipes.</summary>
internal static partial class KernelHandles
{
    // Of Linux, on every architecture that .NET runs on.
    private const int NonBlocking = 0x800;
    private const int CloseOnExec = 0x80000;
    private const int ReadWrite = 2;
    private const int NoControllingTerminal = 0x100;
    private const uint FileCreated = 0x100;

    /// <summary>A counter whose read takes it to zero.</summary>
    public static SafeFileHandle EventCounter() => Own(eventfd(0, NonBlocking | CloseOnExec));

    /// <summary>Tells of files that are made in a directory.</summary>
    public static SafeFileHandle DirectoryWatch(string directory)
    {
        var handle = Own(inotify_init1(NonBlocking | CloseOnExec));
        Check(inotify_add_watch(handle, directory, FileCreated));
        return handle;
    }

    /// <summary>Both ends of a pseudo terminal.</summary>
    public static (SafeFileHandle Master, SafeFileHandle Terminal) Terminal()
    {
        var master = Own(posix_openpt(ReadWrite | NoControllingTerminal | NonBlocking));
        Check(grantpt(master));
        Check(unlockpt(master));
        var name = new byte[64];
        Check(-ptsname_r(master, name, name.Length));
        var terminal = Own(open(name, ReadWrite | NoControllingTerminal | NonBlocking));
        return (master, terminal);
    }

    /// <summary>Both ends of a pipe.</summary>
    public static (SafeFileHandle Reader, SafeFileHandle Writer) Pipe()
    {
        var ends = new int[2];
        Check(pipe2(ends, NonBlocking | CloseOnExec));
        return (Own(ends[0]), Own(ends[1]));
    }

    /// <summary>Reads what there is.</summary>
    /// <returns>How many bytes; -1 when there is nothing yet.</returns>
    public static int Read(SafeFileHandle handle, byte[] buffer) => (int)read(handle, buffer, buffer.Length);

    public static int Write(SafeFileHandle handle, byte[] buffer) => (int)write(handle, buffer, buffer.Length);

    /// <summary>Sends bytes over a local socket and passes a descriptor along with them.</summary>
    public static unsafe void SendWith(SafeFileHandle passed, Socket socket, byte[] bytes)
    {
        // struct cmsghdr of 64-bit systems, and in it one descriptor: SOL_SOCKET, SCM_RIGHTS.
        var control = stackalloc int[6] { 20, 0, 1, 1, (int)passed.DangerousGetHandle(), 0 };
        fixed (byte* first = bytes)
        {
            var part = new Part { Start = first, Length = bytes.Length };
            var message = new Message { Parts = &part, PartCount = 1, Control = control, ControlLength = 6 * sizeof(int) };
            ((int)sendmsg(socket.SafeHandle, &message, 0)).ShouldBe(bytes.Length, $"error {Marshal.GetLastPInvokeError()}");
        }
    }

    private static SafeFileHandle Own(int descriptor)
    {
        Check(descriptor);
        return new SafeFileHandle(descriptor, ownsHandle: true);
    }

    private static void Check(int result) => result.ShouldBeGreaterThanOrEqualTo(0, $"error {Marshal.GetLastPInvokeError()}");

#pragma warning disable SA1300, IDE1006 // the names of the system
    [LibraryImport("libc", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int eventfd(uint initial, int flags);

    [LibraryImport("libc", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int inotify_init1(int flags);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int inotify_add_watch(SafeFileHandle handle, string path, uint mask);

    [LibraryImport("libc", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int posix_openpt(int flags);

    [LibraryImport("libc", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int grantpt(SafeFileHandle handle);

    [LibraryImport("libc", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int unlockpt(SafeFileHandle handle);

    [LibraryImport("libc", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int ptsname_r(SafeFileHandle handle, byte[] name, nint length);

    [LibraryImport("libc", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int open(byte[] name, int flags);

    [LibraryImport("libc", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int pipe2(int[] ends, int flags);

    [LibraryImport("libc", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial nint read(SafeFileHandle handle, byte[] buffer, nint count);

    [LibraryImport("libc", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial nint write(SafeFileHandle handle, byte[] buffer, nint count);

    [LibraryImport("libc", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static unsafe partial nint sendmsg(SafeHandle handle, Message* message, int flags);
#pragma warning restore SA1300, IDE1006

    // struct iovec.
    [StructLayout(LayoutKind.Sequential)]
    private unsafe struct Part
    {
        public byte* Start;
        public nint Length;
    }

    // struct msghdr.
    [StructLayout(LayoutKind.Sequential)]
    private unsafe struct Message
    {
        public void* Name;
        public nint NameLength;
        public Part* Parts;
        public nint PartCount;
        public void* Control;
        public nint ControlLength;
        public int Flags;
    }
}
