namespace Runtime.Benchmarks.Jobs.Nodes;

/// <summary>Who enqueues, and when.</summary>
/// <param name="Name">What that is called.</param>
/// <param name="PrepareAsync">What is not measured.</param>
/// <param name="BeginAsync">What the measured time begins with.</param>
internal sealed record NodeLoad(string Name, Func<NodeProcesses, int, Task> PrepareAsync, Func<NodeProcesses, int, Task> BeginAsync)
{
    private const int Callers = 64;
    private const int Batch = 100;

    public static IReadOnlyList<NodeLoad> All { get; } =
    [
        new("each by its part of 64 callers", static (_, _) => Task.CompletedTask, static (nodes, jobs) => nodes.EnqueueAsync(jobs, Callers, 1)),
        new("one by 64 callers", static (_, _) => Task.CompletedTask, static (nodes, jobs) => nodes.EnqueueAtFirstAsync(jobs, Callers, 1)),
        new("all queued before", PauseAndEnqueueAsync, static (nodes, _) => nodes.TellAsync(0, "resume")),
    ];

    private static async Task PauseAndEnqueueAsync(NodeProcesses nodes, int jobs)
    {
        await nodes.TellAsync(0, "pause");
        await nodes.EnqueueAtFirstAsync(jobs, 1, Batch);
    }
}
