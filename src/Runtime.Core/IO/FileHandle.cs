using Microsoft.Win32.SafeHandles;
using System.Runtime.InteropServices;

namespace Runtime.Core.IO;

/// <summary>A file descriptor that is ours. It is closed when nobody is in a call with it any more.</summary>
internal sealed partial class FileHandle : SafeHandleMinusOneIsInvalid
{
    public FileHandle(int descriptor)
        : base(ownsHandle: true) => SetHandle(descriptor);

    protected override bool ReleaseHandle() => Close((int)handle) == 0;

    [LibraryImport("libc", EntryPoint = "close")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Close(int descriptor);
}
