using System.Globalization;
using Runtime.Benchmarks.Harness;

namespace Runtime.Benchmarks.Jobs.Nodes;

/// <summary>Processes that share one schema.</summary>
internal sealed class NodeProcesses : IAsyncDisposable
{
    private readonly ChildProcess[] _processes;

    private NodeProcesses(ChildProcess[] processes) => _processes = processes;

    public int Count => _processes.Length;

    /// <summary>Starts them. The first one makes the tables.</summary>
    public static async Task<NodeProcesses> StartAsync(SharedSchema schema, int count)
    {
        var processes = new ChildProcess[count];
        for (var i = 0; i < count; i++)
        {
            processes[i] = new ChildProcess("jobs-node", "--postgresql", schema.ConnectionString, "--schema", schema.Name);
            await processes[i].AskAsync("start");
        }

        return new(processes);
    }

    /// <summary>Tells one process.</summary>
    public Task TellAsync(int process, string line) => _processes[process].AskAsync(line);

    /// <summary>Each process enqueues its part.</summary>
    public Task EnqueueAsync(int jobs, int callers, int batch) => Task.WhenAll(_processes.Select(process => process.AskAsync(
        string.Create(CultureInfo.InvariantCulture, $"enqueue {jobs / _processes.Length} {Math.Max(1, callers / _processes.Length)} {batch}"))));

    /// <summary>The first process enqueues all.</summary>
    public Task EnqueueAtFirstAsync(int jobs, int callers, int batch) => TellAsync(0, string.Create(CultureInfo.InvariantCulture, $"enqueue {jobs} {callers} {batch}"));

    public async ValueTask DisposeAsync()
    {
        foreach (var process in _processes)
        {
            await process.DisposeAsync();
        }
    }
}
