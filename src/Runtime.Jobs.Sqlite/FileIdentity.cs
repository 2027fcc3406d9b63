using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Runtime.Jobs.Sqlite;

/// <summary>Which file a path leads to: two paths, or one path at two times, lead to the same file when these are equal.</summary>
/// <param name="Device">The number of its file system.</param>
/// <param name="Number">Its number in there.</param>
/// <remarks>From <c>statx</c> (Linux 4.11), whose answer looks the same on every processor. Elsewhere, and where the C library is too old for it, only whether there is a file is known.</remarks>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct FileIdentity(ulong Device, ulong Number)
{
    private const int CurrentDirectory = -100;
    private const uint WantsNumber = 0x100;
    private const int AnswerLength = 256;

    /// <summary>Looks a path up; <see langword="null"/>: there is no such file.</summary>
    public static FileIdentity? Of(string path)
    {
        if (OperatingSystem.IsLinux())
        {
            try
            {
                Span<byte> answer = stackalloc byte[AnswerLength];
                return Native.Statx(CurrentDirectory, path, 0, WantsNumber, ref MemoryMarshal.GetReference(answer)) == 0
                    ? new(BinaryPrimitives.ReadUInt64LittleEndian(answer[136..]), BinaryPrimitives.ReadUInt64LittleEndian(answer[32..]))
                    : null;
            }
            catch (EntryPointNotFoundException)
            {
                // As elsewhere.
            }
        }

        return File.Exists(path) ? default(FileIdentity) : null;
    }

    private static class Native
    {
        [DllImport("libc", EntryPoint = "statx", CharSet = CharSet.Ansi, BestFitMapping = false, ThrowOnUnmappableChar = true)]
        [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        public static extern int Statx(int folder, [MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags, uint mask, ref byte answer);
    }
}
