using System.Runtime.InteropServices;

namespace Runtime.Core.IO;

/// <summary>What the system says when a call fails, and what we make of it.</summary>
internal static class Errno
{
    // EPERM, EINTR, EBADF, EEXIST, ENOSPC: the same numbers on Linux and the BSDs.
    public const int NotPermitted = 1;
    public const int Interrupted = 4;
    public const int BadHandle = 9;
    public const int Exists = 17;
    public const int NoSpace = 28;

    public static int Last => Marshal.GetLastPInvokeError();

    public static Exception OfRegistration(int error) => error switch
    {
        NotPermitted => new NotSupportedException(
            "The system cannot wait for this handle: it is a regular file, a directory or a device such as /dev/null, which are always ready. Read it with RandomAccess, or on AsyncRuntime.SpawnBlocking."),
        Exists => new InvalidOperationException(
            "This handle is registered with the event loop already. Keep the registration that was made first, or dispose of it before the handle is registered again."),
        BadHandle => new ObjectDisposedException("handle", "The handle is closed. Register it before it is closed."),
        NoSpace => new IOException("The user's limit of registrations is reached. Raise /proc/sys/fs/epoll/max_user_watches, or register fewer handles at a time."),
        _ => Of("register the handle", error),
    };

    public static IOException Of(string what, int error) => new($"The system cannot {what}: {Marshal.GetPInvokeErrorMessage(error)} (error {error}).");
}
