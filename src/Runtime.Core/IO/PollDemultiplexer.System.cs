using System.Runtime.InteropServices;

namespace Runtime.Core.IO;

// poll(2) and statx(2), as the C library offers them.
internal sealed unsafe partial class PollDemultiplexer
{
    // AT_EMPTY_PATH, STATX_TYPE; where stx_mode is in a struct statx, the same on every architecture; S_IFMT, S_IFREG, S_IFDIR.
    private const int OfHandle = 0x1000;
    private const uint OnlyType = 1;
    private const int ModeOffset = 28;
    private const int StatSize = 256;
    private const int TypeMask = 0xF000;
    private const int RegularFile = 0x8000;
    private const int Directory = 0x4000;

    /// <summary>Whether it is one of what epoll refuses and poll says is always ready. Only Linux can be asked in a way that does not depend on the architecture.</summary>
    private static bool IsFileOrDirectory(int handle)
    {
        if (!OperatingSystem.IsLinux())
        {
            return false;
        }

        var stat = stackalloc byte[StatSize];
        byte emptyPath = 0;
        try
        {
            return Stat(handle, &emptyPath, OfHandle, OnlyType, stat) == 0 && (*(ushort*)(stat + ModeOffset) & TypeMask) is RegularFile or Directory;
        }
        catch (EntryPointNotFoundException)
        {
            return false; // a C library from before 2018
        }
    }

    [LibraryImport("libc", EntryPoint = "poll", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Poll(PollEntry* entries, nuint count, int timeout);

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Stat(int directory, byte* path, int flags, uint mask, byte* result);

    // struct pollfd.
    [StructLayout(LayoutKind.Sequential)]
    private struct PollEntry
    {
        public int Handle;
        public short Wanted;
        public short Told;
    }
}
