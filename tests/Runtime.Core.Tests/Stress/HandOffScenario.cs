namespace Runtime.Core.Tests.Stress;

/// <summary>One way of driving the runtime.</summary>
/// <param name="Name">What it is about.</param>
/// <param name="HandOffs">Its share of the hand-offs, in an ordinary run of the suite.</param>
/// <param name="Begin">Sets everything going; the batons end by themselves.</param>
internal sealed record HandOffScenario(string Name, long HandOffs, Action<HandOffRun> Begin)
{
    /// <summary>Gets the runtime's options.</summary>
    public AsyncRuntimeOptions Options { get; init; } = new() { WorkerThreads = 2, MaxWorkerThreads = 8 };

    /// <summary>Gets what must have happened for the scenario to have been what it says.</summary>
    public Func<HandOffCoverage, bool> Reaches { get; init; } = static _ => true;
}
