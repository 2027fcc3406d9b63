using System.ComponentModel;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Samples.Worker.Analysis;

/// <summary>Two things that Linux can do and .NET has no call for. Elsewhere they do nothing.</summary>
internal static partial class LinuxFiles
{
    private const int OpenCloseOnExec = 0x80000; // O_RDONLY | O_CLOEXEC
    private const int SetSignal = 10; // F_SETSIG
    private const int SetLease = 1024; // F_SETLEASE
    private const int ReadLease = 0; // F_RDLCK
    private const int NoLease = 2; // F_UNLCK
    private const int UrgentSignal = 23; // SIGURG, which does nothing by default
    private const int TryAgain = 11; // EAGAIN

    /// <summary>Makes the renames in a folder durable. On Windows the file system's journal keeps their order.</summary>
    public static void FlushFolder(string folder)
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        using var handle = new SafeFileHandle(Open(folder, OpenCloseOnExec), ownsHandle: true);
        if (handle.IsInvalid || Flush(handle) != 0)
        {
            throw new IOException($"The folder '{folder}' could not be flushed to the disk.", new Win32Exception());
        }
    }

    /// <summary>Says whether any process has the file open for writing, as far as the system can tell.</summary>
    /// <param name="file">The file, open for reading.</param>
    /// <remarks>
    /// The kernel grants a read lease only on a file without writers. The lease is given back at once; should someone open the file
    /// in between, the signal about it is one that does nothing (the default one would end the process). File systems without
    /// leases, and files of other users, count as without writers: there <see cref="WorkerOptions.SettleTime"/> alone decides.
    /// </remarks>
    public static bool HasWriter(SafeFileHandle file)
    {
        if (!OperatingSystem.IsLinux() || Control(file, SetSignal, UrgentSignal) != 0)
        {
            return false;
        }

        if (Control(file, SetLease, ReadLease) != 0)
        {
            return Marshal.GetLastPInvokeError() == TryAgain;
        }

        _ = Control(file, SetLease, NoLease);
        return false;
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Flush(SafeFileHandle file);

    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    private static partial int Control(SafeFileHandle file, int command, int argument);
}
