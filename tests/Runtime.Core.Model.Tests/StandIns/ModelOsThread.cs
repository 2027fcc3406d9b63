using Runtime.Core.Model.Tests.Engine;

namespace Runtime.Core.Concurrency;

/// <summary>Stands in for System.Threading.Thread: what the product starts becomes a thread of the scenario.</summary>
[ModelType]
internal sealed class ModelOsThread(Action main, int stackSize = 0)
{
    public int StackSize { get; } = stackSize;

    public bool IsBackground { get; set; }

    public string Name { get; set; } = "thread";

    public static void SpinWait(int rounds) => Execution.Current.Yield();

    public static bool Yield()
    {
        Execution.Current.Yield();
        return true;
    }

    /// <summary>Only during the set-up of a scenario.</summary>
    public void UnsafeStart() => Execution.Current.StartedBodies.Add((Name, main));
}
