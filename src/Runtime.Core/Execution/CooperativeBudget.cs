using Runtime.Core.Scheduling;

namespace Runtime.Core.Execution;

/// <summary>How much code on a worker may still await what is complete already before it has to give way.</summary>
/// <remarks>Method: Tokio's cooperative scheduling. The count is a plain field of the worker, which only its own thread touches.</remarks>
internal static class CooperativeBudget
{
    /// <summary>Takes one unit from the item that runs here.</summary>
    /// <returns>Whether the code may go on. Also where there is no budget: outside of a runtime, and under a context of another kind on a worker.</returns>
    public static bool TryTake() => Worker.Current is not { } worker || worker.TryTakeBudget() || RuntimeSynchronizationContext.Current is null;

    /// <summary>Counts that the code that runs here is made to give way.</summary>
    public static void CountForcedYield() => Worker.Current?.CountForcedYield();
}
