using System.Diagnostics;
using System.Globalization;

namespace Runtime.Jobs.PostgreSql.Tests.Server;

/// <summary>A server behind PgBouncer in transaction mode: two transactions of one connection may meet two sessions of the server.</summary>
public sealed class PooledServer : IAsyncLifetime
{
    private readonly PostgreSqlServer _server = new();
    private readonly string _folder = Directory.CreateTempSubdirectory("runtime-jobs-pgbouncer-").FullName;
    private readonly int _port = Programs.FreePort();
    private Process? _process;

    public string ConnectionString => string.Create(CultureInfo.InvariantCulture, $"Host=127.0.0.1;Port={_port};Username=tests;Database=postgres");

    public async Task InitializeAsync()
    {
        await _server.InitializeAsync();
        var file = Path.Combine(_folder, "pgbouncer.ini");
        await File.WriteAllTextAsync(Path.Combine(_folder, "users"), "\"tests\" \"\"\n");
        await File.WriteAllTextAsync(file, string.Create(CultureInfo.InvariantCulture, $"""
            [databases]
            postgres = host=127.0.0.1 port={_server.Port} dbname=postgres
            [pgbouncer]
            listen_addr = 127.0.0.1
            listen_port = {_port}
            unix_socket_dir =
            auth_type = trust
            auth_file = {_folder}/users
            pool_mode = transaction
            default_pool_size = 4
            max_client_conn = 500
            """));
        await Programs.GiveAsync(_folder);
        _process = Programs.Start(Programs.Unprivileged(FindProgram(), "-q", file));
        await Programs.WaitUntilReadyAsync(ConnectionString);
    }

    public async Task DisposeAsync()
    {
        if (_process is { } process)
        {
            process.Kill();
            await process.WaitForExitAsync();
            process.Dispose();
        }

        await _server.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    // Debian puts it where only administrators' shells look.
    private static string FindProgram() => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Append("/usr/sbin").Select(static folder => Path.Combine(folder, "pgbouncer"))
        .FirstOrDefault(File.Exists) ?? throw new InvalidOperationException("There is no PgBouncer here: install the Debian package pgbouncer.");
}
