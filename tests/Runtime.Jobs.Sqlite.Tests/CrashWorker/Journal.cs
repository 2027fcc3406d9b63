using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Runtime.Jobs.Sqlite.CrashWorker;

/// <summary>Lines that survive the death of the process: each is one write at the end of a file, and the system keeps what it has taken.</summary>
internal sealed class Journal(string path) : IDisposable
{
    private readonly SafeFileHandle _file = File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.Write, FileShare.ReadWrite);
    private readonly Lock _lock = new();
    private long _end = new FileInfo(path).Length;

    public void Write(string line)
    {
        var bytes = Encoding.ASCII.GetBytes(line + "\n");
        lock (_lock)
        {
            RandomAccess.Write(_file, bytes, _end);
            _end += bytes.Length;
        }
    }

    public void Dispose() => _file.Dispose();
}
