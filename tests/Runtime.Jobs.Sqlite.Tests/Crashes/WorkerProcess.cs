using System.Diagnostics;
using System.Globalization;

namespace Runtime.Jobs.Sqlite.Tests.Crashes;

/// <summary>A process that can be killed.</summary>
internal sealed class WorkerProcess : IDisposable
{
    private readonly Process _process;

    private WorkerProcess(Process process) => _process = process;

    // A write beyond a limit is an error to the process then, and not its death.
    public static async Task<WorkerProcess> StartAsync(string database, string journal, string mode)
    {
        var start = new ProcessStartInfo("sh") { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in new[] { "-c", "trap '' XFSZ; exec dotnet \"$@\"", "sh", Path.Combine(AppContext.BaseDirectory, "CrashWorker.dll"), database, journal, mode })
        {
            start.ArgumentList.Add(argument);
        }

        var worker = new WorkerProcess(Process.Start(start)!);
        worker._process.ErrorDataReceived += static (_, _) => { };
        worker._process.BeginErrorReadLine();
        var line = await worker._process.StandardOutput.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(60));
        return line == "started" ? worker : throw new InvalidOperationException($"The worker said '{line}'.");
    }

    /// <summary>How large a file of the process may become; what would make it larger fails as on a disk that is full.</summary>
    public async Task LimitFilesAsync(long? bytes)
    {
        var size = bytes?.ToString(CultureInfo.InvariantCulture) ?? "unlimited";
        using var prlimit = Process.Start("prlimit", [$"--pid={_process.Id}", $"--fsize={size}:unlimited"]);
        await prlimit.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(60));
        prlimit.ExitCode.ShouldBe(0);
    }

    /// <summary>What the process says next.</summary>
    public async Task<string?> ReadLineAsync() => await _process.StandardOutput.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(60));

    /// <summary>Hears no more of what it says.</summary>
    public void StopReading() => _ = _process.StandardOutput.ReadToEndAsync();

    /// <summary>SIGKILL: nothing in it is asked.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(60));
    }

    public async Task<int> WaitAsync()
    {
        await _process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(120));
        return _process.ExitCode;
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
        }

        _process.Dispose();
    }
}
