using System.Diagnostics;
using System.Globalization;

namespace Runtime.Jobs.PostgreSql.Tests.Nodes;

/// <summary>A process that runs jobs, and can be killed and stopped. It writes a journal of its own.</summary>
internal sealed class NodeProcess : IDisposable
{
    private readonly Process _process;

    private NodeProcess(Process process, string journal) => (_process, Journal) = (process, journal);

    public string Journal { get; }

    public static async Task<NodeProcess> StartAsync(string connectionString, string schema, string folder, TimeSpan lease, string mode)
    {
        var journal = Path.Combine(folder, Guid.NewGuid().ToString("N"));
        var start = new ProcessStartInfo("dotnet") { UseShellExecute = false, RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in new[] { Path.Combine(AppContext.BaseDirectory, "NodeWorker.dll"), connectionString, schema, journal, lease.TotalSeconds.ToString(CultureInfo.InvariantCulture), mode })
        {
            start.ArgumentList.Add(argument);
        }

        var node = new NodeProcess(Process.Start(start)!, journal);
        var errors = new List<string?>();
        node._process.ErrorDataReceived += (_, line) => errors.Add(line.Data);
        node._process.BeginErrorReadLine();
        var line = await node._process.StandardOutput.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(60));
        return line == "started" ? node : throw new InvalidOperationException($"The node said '{line}'. {string.Join(' ', errors)}");
    }

    /// <summary>SIGKILL: nothing in it is asked.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(60));
    }

    /// <summary>Ends its input, and so the node, in good order.</summary>
    public async Task<int> StopAsync()
    {
        _process.StandardInput.Close();
        await _process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(120));
        return _process.ExitCode;
    }

    /// <summary>SIGSTOP and SIGCONT: a long pause that it does not notice.</summary>
    public async Task SignalAsync(string signal)
    {
        using var kill = Process.Start("kill", [signal, _process.Id.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync();
        kill.ExitCode.ShouldBe(0);
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
