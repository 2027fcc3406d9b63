using Microsoft.Data.Sqlite;
using Runtime.Hosting;
using SQLitePCL;

namespace Runtime.Jobs.Sqlite;

/// <summary>The file that jobs are kept in, and how it is opened.</summary>
internal sealed class SqliteFile
{
    // Their locks are promises that a server on another machine may not keep; SQLite's documentation says not to.
    private static readonly string[] NetworkFileSystems = ["nfs", "nfs4", "cifs", "smb", "smb2", "smb3", "smbfs", "9p", "afs", "ceph", "glusterfs", "fuse.sshfs", "fuse.glusterfs"];

    // How long a foreign transaction on the file may hold the writer up before callers are told.
    private const int BusySeconds = 5;

    private readonly SqliteConnectionStringBuilder _settings;

    // Set at the opening.
    private FileIdentity? _identity;

    private SqliteFile(SqliteConnectionStringBuilder settings, string path) => (_settings, Path) = (settings, path);

    /// <summary>Gets the full path.</summary>
    public string Path { get; }

    /// <exception cref="ArgumentException">The text is not a connection string, or names no file.</exception>
    public static SqliteFile Parse(string connectionString)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(connectionString);
        var settings = new SqliteConnectionStringBuilder(connectionString);
        if (settings.DataSource.Length == 0 || settings.DataSource == ":memory:" || settings.Mode == SqliteOpenMode.Memory || settings.DataSource.StartsWith("file:", StringComparison.Ordinal))
        {
            throw new ArgumentException(
                $"The Data Source is '{settings.DataSource}'; it must be the path of a file. Leave UseSqlite out to keep jobs in memory.", nameof(connectionString));
        }

        var path = System.IO.Path.GetFullPath(settings.DataSource);
        settings.DataSource = path;
        settings.DefaultTimeout = BusySeconds;
        settings.Pooling = false; // two connections for the life of the store, and the file is free when they are closed
        return new(settings, path);
    }

    /// <summary>Takes the file for this process.</summary>
    /// <exception cref="JobStoreException">Another process has it, or it is where it must not be.</exception>
    public FileStream Lock()
    {
        try
        {
            Directory.CreateDirectory(System.IO.Path.GetDirectoryName(Path)!);

            // The lock stands beside the file itself, as SQLite's own files do: two links to one file must find the same lock.
            var link = new FileInfo(Path);
            var target = link.LinkTarget is null ? Path : link.ResolveLinkTarget(returnFinalTarget: true)!.FullName;
            RefuseNetwork(target);
            return new FileStream(target + "-lock", FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException exception)
        {
            throw new JobStoreException(
                $"The job store '{Path}' is in use by another process, or cannot be locked ({exception.Message}). One process at a time uses an SQLite store; for several use UsePostgreSql.", exception, isTransient: false);
        }
        catch (UnauthorizedAccessException exception)
        {
            throw new JobStoreException($"The job store '{Path}' cannot be written: {exception.Message} The process needs to write the file and its folder.", exception, isTransient: false);
        }
    }

    /// <summary>Opens a connection.</summary>
    public SqliteConnection Open(bool readOnly)
    {
        var settings = new SqliteConnectionStringBuilder(_settings.ConnectionString) { Mode = readOnly ? SqliteOpenMode.ReadOnly : SqliteOpenMode.ReadWriteCreate };
        var connection = new SqliteConnection(settings.ConnectionString);
        connection.Open();
        raw.sqlite3_busy_timeout(connection.Handle, BusySeconds * 1000);
        return connection;
    }

    /// <summary>Remembers which file is open.</summary>
    public void Remember() => _identity = FileIdentity.Of(Path);

    /// <summary>Checks that the path still leads to the file that is open. A system lets go of a file only when nobody has it open: what is written to one that was deleted is gone at the stop.</summary>
    /// <exception cref="JobStoreException">It was deleted or replaced.</exception>
    public void CheckInPlace()
    {
        if (FileIdentity.Of(Path) is { } now ? now != _identity : _identity is not null)
        {
            throw new JobStoreException(
                $"The job store '{Path}' was deleted or replaced while it was in use, and nothing is stored in it any more. Restart the process; what it had stored is in the file that was there, if that is still somewhere.", isTransient: false);
        }
    }

    private void RefuseNetwork(string target)
    {
        var format = new DriveInfo(System.IO.Path.GetDirectoryName(target)!).DriveFormat;
        if (NetworkFileSystems.Contains(format, StringComparer.OrdinalIgnoreCase))
        {
            throw new JobStoreException(
                $"The job store '{Path}' is on a network file system ({format}), where SQLite's locks cannot be relied on. Put it on a local disk, or use UsePostgreSql.", isTransient: false);
        }
    }
}
