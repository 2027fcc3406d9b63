using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Npgsql;

namespace Runtime.Jobs.PostgreSql.Tests.Server;

/// <summary>A PostgreSQL server of the tests' own: in a folder of its own, on a port of its own on 127.0.0.1, with its writes synced, gone when the tests are over.</summary>
public sealed class PostgreSqlServer : IAsyncLifetime
{
    // The user "nobody" of every Unix: the server refuses to run as root.
    private const string Nobody = "65534";

    private readonly string _folder = Directory.CreateTempSubdirectory("runtime-jobs-postgresql-").FullName;
    private readonly string _binaries = FindBinaries();
    private Process? _process;

    public int Port { get; } = FreePort();

    public string ConnectionString => string.Create(CultureInfo.InvariantCulture, $"Host=127.0.0.1;Port={Port};Username=tests;Database=postgres");

    private string Data => Path.Combine(_folder, "data");

    public async Task InitializeAsync()
    {
        Directory.CreateDirectory(Data);
        if (Environment.IsPrivilegedProcess)
        {
            await RunAsync("chown", "-R", $"{Nobody}:{Nobody}", _folder);
        }

        await RunAsync(AsServer(Path.Combine(_binaries, "initdb"), "-D", Data, "-U", "tests", "--auth=trust", "--no-sync", "--locale=C", "--encoding=UTF8"));
        await StartAsync();
    }

    public async Task DisposeAsync()
    {
        await StopAsync("-INT");
        Directory.Delete(_folder, recursive: true);
    }

    public async Task StartAsync()
    {
        var command = AsServer(
            Path.Combine(_binaries, "postgres"), "-D", Data, "-p", Port.ToString(CultureInfo.InvariantCulture), "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=",
            "-c", "max_connections=200", "-c", "shared_buffers=64MB", "-c", "fsync=on", "-c", "full_page_writes=on", "-c", "log_min_messages=fatal");
        var start = new ProcessStartInfo(command[0]) { UseShellExecute = false, RedirectStandardError = true, RedirectStandardOutput = true };
        foreach (var argument in command.Skip(1))
        {
            start.ArgumentList.Add(argument);
        }

        _process = Process.Start(start)!;
        _process.ErrorDataReceived += static (_, _) => { };
        _process.OutputDataReceived += static (_, _) => { };
        _process.BeginErrorReadLine();
        _process.BeginOutputReadLine();
        await WaitUntilReadyAsync();
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
            await RunAsync("kill", signal, process.Id.ToString(CultureInfo.InvariantCulture));
            await process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(60));
        }

        process.Dispose();
    }

    private async Task WaitUntilReadyAsync()
    {
        for (var began = TimeProvider.System.GetTimestamp(); ;)
        {
            try
            {
                await using var connection = new NpgsqlConnection(ConnectionString + ";Pooling=false");
                await connection.OpenAsync();
                return;
            }
            catch (NpgsqlException) when (TimeProvider.System.GetElapsedTime(began) < TimeSpan.FromSeconds(60))
            {
                await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System);
            }
        }
    }

    private static string[] AsServer(params string[] command) => Environment.IsPrivilegedProcess
        ? ["setpriv", $"--reuid={Nobody}", $"--regid={Nobody}", "--clear-groups", "--", .. command]
        : command;

    private static async Task RunAsync(params string[] command)
    {
        var start = new ProcessStartInfo(command[0]) { UseShellExecute = false, RedirectStandardError = true, RedirectStandardOutput = true };
        foreach (var argument in command.Skip(1))
        {
            start.ArgumentList.Add(argument);
        }

        using var process = Process.Start(start)!;
        var said = await Task.WhenAll(process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"'{string.Join(' ', command)}' ended with {process.ExitCode}: {string.Concat(said)}");
        }
    }

    // Debian keeps each version's programs in a folder of its own, which is on nobody's PATH.
    private static string FindBinaries()
    {
        var debian = Directory.Exists("/usr/lib/postgresql") ? Directory.GetDirectories("/usr/lib/postgresql").Select(static version => Path.Combine(version, "bin")) : [];
        return (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Concat(debian.Order(StringComparer.Ordinal).Reverse())
            .FirstOrDefault(static folder => File.Exists(Path.Combine(folder, "initdb")) && File.Exists(Path.Combine(folder, "postgres")))
            ?? throw new InvalidOperationException("There is no PostgreSQL server here: install the Debian package postgresql.");
    }

    private static int FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }
}
