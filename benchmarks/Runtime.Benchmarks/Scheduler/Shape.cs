using Runtime.Benchmarks.Queue;
using Runtime.Core;

namespace Runtime.Benchmarks.Scheduler;

/// <summary>One workload, written for the runtime and, as one would write it there, for the thread pool.</summary>
/// <remarks>Every contender has an instance of its own. All members are called on the contender's driver thread.</remarks>
/// <param name="name">The name; Tokio's own for the workloads of its benches.</param>
/// <param name="operations">How many operations a round has.</param>
/// <param name="repeats">How many rounds make one measurement, so that it lasts some milliseconds.</param>
internal abstract class Shape(string name, int operations, int repeats = 1) : Workload(name, operations, repeats)
{
    /// <summary>Gets what every operation, or every task of them, counts down, in one shared word as in Tokio's benches.</summary>
    protected Countdown Countdown { get; } = new();

    /// <summary>Gets a counter without a shared word, for shapes that are not Tokio's: there one costs more than what is measured.</summary>
    protected RoundCounter Counter { get; } = new();

    /// <summary>Sets a round up, such as a load in the background. Not timed.</summary>
    /// <param name="runtime">The runtime, or <see langword="null"/> on the thread pool.</param>
    public virtual void Prepare(AsyncRuntime? runtime)
    {
    }

    /// <summary>Runs a round on the runtime and returns when it is over.</summary>
    public abstract void RunOn(AsyncRuntime runtime);

    /// <summary>Runs a round on the thread pool and returns when it is over.</summary>
    public abstract void RunOnPool();

    protected override void Dispose(bool disposing)
    {
        Countdown.Dispose();
        Counter.Dispose();
        base.Dispose(disposing);
    }

    /// <summary>Awaits tasks one after another, as <c>block_on</c> does with Tokio's handles; the driver sleeps meanwhile.</summary>
    protected static void AwaitInOrder(IReadOnlyList<Task> handles)
    {
        if (!AwaitInOrderAsync(handles).Wait(Countdown.HangGuard))
        {
            throw new TimeoutException($"{handles.Count(h => !h.IsCompleted):N0} tasks had not ended after {Countdown.HangGuard.TotalSeconds:N0} s.");
        }
    }

    private static async Task AwaitInOrderAsync(IReadOnlyList<Task> handles)
    {
        for (var i = 0; i < handles.Count; i++)
        {
            await handles[i];
        }
    }
}
