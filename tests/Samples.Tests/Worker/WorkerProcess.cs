using System.Diagnostics;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Text;

namespace Samples.Tests.Worker;

/// <summary>The worker sample as a process of its own.</summary>
public sealed partial class WorkerProcess : IAsyncDisposable
{
    public const int Interrupt = 2;
    public const int Terminate = 15;

    private static readonly TimeSpan Guard = TimeSpan.FromSeconds(60);

    private readonly Process _process;

    // What the process has printed; under its own lock.
    private readonly StringBuilder _output = new();
    private readonly List<(string Text, TaskCompletionSource<string> Found)> _awaited = [];
    private readonly TaskCompletionSource _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public WorkerProcess(WorkerFolders folders, params string[] settings)
    {
        // A shell starts its background jobs with the interrupt ignored, and everything that they start inherits it.
        var start = new ProcessStartInfo("env")
        {
            ArgumentList = { "--default-signal=INT", "dotnet", AssemblyPath },
            WorkingDirectory = folders.Root,
            RedirectStandardOutput = true,
            UseShellExecute = false,
        };
        string[] common = ["Logging:Console:FormatterName=simple", "Logging:Console:FormatterOptions:SingleLine=true", "AsyncRuntime:Endpoints:Url=http://127.0.0.1:0"];
        foreach (var setting in common.Concat(settings))
        {
            start.ArgumentList.Add("--" + setting);
        }

        _process = new Process { StartInfo = start };
        _process.OutputDataReceived += (_, line) => Take(line.Data);
        _process.Start();
        _process.BeginOutputReadLine();
    }

    public string Output
    {
        get
        {
            lock (_output)
            {
                return _output.ToString();
            }
        }
    }

    private static string AssemblyPath => typeof(WorkerProcess).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(static data => data.Key == "WorkerAssembly").Value!;

    /// <summary>Waits for a line that has a text in it.</summary>
    public async Task<string> WaitForLineAsync(string text)
    {
        var found = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_output)
        {
            var line = _output.ToString().Split('\n').FirstOrDefault(line => line.Contains(text, StringComparison.Ordinal));
            if (line is not null)
            {
                return line;
            }

            _awaited.Add((text, found));
        }

        try
        {
            return await found.Task.WaitAsync(Guard);
        }
        catch (TimeoutException error)
        {
            throw new TimeoutException($"'{text}' was not printed within {Guard}. The output:\n{Output}", error);
        }
    }

    /// <summary>Ends the process as kill -9 does.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await WaitForExitAsync();
    }

    /// <summary>Asks the process to end, and waits until it has.</summary>
    /// <returns>Its exit code.</returns>
    public async Task<int> StopAsync(int signal)
    {
        SendSignal(_process.Id, signal).ShouldBe(0);
        await WaitForExitAsync();
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            await KillAsync();
        }

        _process.Dispose();
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int SendSignal(int process, int signal);

    private async Task WaitForExitAsync()
    {
        try
        {
            await _process.WaitForExitAsync().WaitAsync(Guard);
            await _closed.Task.WaitAsync(Guard);
        }
        catch (TimeoutException error)
        {
            throw new TimeoutException($"The process did not end within {Guard}. The output:\n{Output}", error);
        }
    }

    private void Take(string? line)
    {
        if (line is null)
        {
            _closed.TrySetResult();
            return;
        }

        List<TaskCompletionSource<string>> found;
        lock (_output)
        {
            _output.Append(line).Append('\n');
            found = [.. _awaited.Where(awaited => line.Contains(awaited.Text, StringComparison.Ordinal)).Select(static awaited => awaited.Found)];
        }

        foreach (var awaited in found)
        {
            awaited.TrySetResult(line);
        }
    }
}
