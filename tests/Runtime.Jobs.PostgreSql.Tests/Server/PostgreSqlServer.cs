using System.Diagnostics;
using System.Globalization;

namespace Runtime.Jobs.PostgreSql.Tests.Server;

/// <summary>A PostgreSQL server of the tests' own: in a folder of its own, on a port of its own on 127.0.0.1, with its writes synced, gone when the tests are over.</summary>
public sealed class PostgreSqlServer : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("runtime-jobs-postgresql-").FullName;
    private readonly string _binaries = FindBinaries();
    private Process? _process;

    public int Port { get; } = Programs.FreePort();

    public string ConnectionString => string.Create(CultureInfo.InvariantCulture, $"Host=127.0.0.1;Port={Port};Username=tests;Database=postgres");

    private string Data => Path.Combine(_folder, "data");

    public async Task InitializeAsync()
    {
        Directory.CreateDirectory(Data);
        await Programs.GiveAsync(_folder);
        await Programs.RunAsync(Programs.Unprivileged(Path.Combine(_binaries, "initdb"), "-D", Data, "-U", "tests", "--auth=trust", "--no-sync", "--locale=C", "--encoding=UTF8"));
        await StartAsync();
    }

    public async Task DisposeAsync()
    {
        await StopAsync("-INT");
        Directory.Delete(_folder, recursive: true);
    }

    public async Task StartAsync()
    {
        _process = Programs.Start(Programs.Unprivileged(
            Path.Combine(_binaries, "postgres"), "-D", Data, "-p", Port.ToString(CultureInfo.InvariantCulture), "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=",
            "-c", "max_connections=200", "-c", "shared_buffers=64MB", "-c", "fsync=on", "-c", "full_page_writes=on", "-c", "log_min_messages=fatal"));
        await Programs.WaitUntilReadyAsync(ConnectionString);
    }

    /// <summary>Kills the server and all its processes, as a power cut would as far as it is concerned.</summary>
    public async Task KillAsync() => await StopAsync("-KILL");

    private async Task StopAsync(string signal)
    {
        if (_process is not { } process)
        {
            return;
        }

        _process = null;
        if (!process.HasExited)
        {
            await Programs.RunAsync("kill", signal, process.Id.ToString(CultureInfo.InvariantCulture));
            await process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(60));
        }

        process.Dispose();
    }

    // Debian keeps each version's programs in a folder of its own, which is on nobody's PATH.
    private static string FindBinaries()
    {
        var debian = Directory.Exists("/usr/lib/postgresql") ? Directory.GetDirectories("/usr/lib/postgresql").Select(static version => Path.Combine(version, "bin")) : [];
        return (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Concat(debian.Order(StringComparer.Ordinal).Reverse())
            .FirstOrDefault(static folder => File.Exists(Path.Combine(folder, "initdb")) && File.Exists(Path.Combine(folder, "postgres")))
            ?? throw new InvalidOperationException("There is no PostgreSQL server here: install the Debian package postgresql.");
    }
}
