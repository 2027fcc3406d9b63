using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Npgsql;

namespace Runtime.Jobs.PostgreSql.Tests.Server;

/// <summary>Programs that tests start, as somebody without rights: these servers refuse to run as root.</summary>
internal static class Programs
{
    // The user "nobody" of every Unix.
    private const string Nobody = "65534";

    public static string[] Unprivileged(params string[] command) => Environment.IsPrivilegedProcess
        ? ["setpriv", $"--reuid={Nobody}", $"--regid={Nobody}", "--clear-groups", "--", .. command]
        : command;

    /// <summary>Makes a folder theirs.</summary>
    public static Task GiveAsync(string folder) => Environment.IsPrivilegedProcess ? RunAsync("chown", "-R", $"{Nobody}:{Nobody}", folder) : Task.CompletedTask;

    public static Process Start(string[] command)
    {
        var process = Process.Start(InfoOf(command))!;
        process.ErrorDataReceived += static (_, _) => { };
        process.OutputDataReceived += static (_, _) => { };
        process.BeginErrorReadLine();
        process.BeginOutputReadLine();
        return process;
    }

    public static async Task RunAsync(params string[] command)
    {
        using var process = Process.Start(InfoOf(command))!;
        var said = await Task.WhenAll(process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"'{string.Join(' ', command)}' ended with {process.ExitCode}: {string.Concat(said)}");
        }
    }

    public static async Task WaitUntilReadyAsync(string connectionString)
    {
        for (var began = TimeProvider.System.GetTimestamp(); ;)
        {
            try
            {
                await using var connection = new NpgsqlConnection(connectionString + ";Pooling=false");
                await connection.OpenAsync();
                return;
            }
            catch (NpgsqlException) when (TimeProvider.System.GetElapsedTime(began) < TimeSpan.FromSeconds(60))
            {
                await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System);
            }
        }
    }

    public static int FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }

    private static ProcessStartInfo InfoOf(string[] command)
    {
        var start = new ProcessStartInfo(command[0]) { UseShellExecute = false, RedirectStandardError = true, RedirectStandardOutput = true };
        foreach (var argument in command.Skip(1))
        {
            start.ArgumentList.Add(argument);
        }

        return start;
    }
}
