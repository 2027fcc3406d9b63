using Runtime.Core;
using Runtime.Hosting;

namespace Runtime.Benchmarks.Deadlines;

/// <summary>A way to order the same arrivals, and to turn some of them away.</summary>
internal enum DeadlinePolicy
{
    /// <summary>The queue knows of no deadline.</summary>
    Fifo,

    /// <summary>The third with the shortest deadlines is High, the one with the longest Low.</summary>
    PriorityOnly,

    /// <summary>Earliest deadline first.</summary>
    Edf,

    /// <summary>Earliest deadline first, and <see cref="QueueAdmission.RejectIfLate"/>.</summary>
    EdfRejectIfLate,
}

/// <summary>What the policies are called and how an item is queued under them.</summary>
internal static class DeadlinePolicies
{
    public static string NameOf(DeadlinePolicy policy) => policy switch
    {
        DeadlinePolicy.Fifo => "FIFO",
        DeadlinePolicy.PriorityOnly => "priority only",
        DeadlinePolicy.Edf => "EDF",
        _ => "EDF + RejectIfLate",
    };

    public static EnqueueOptions OptionsOf(DeadlinePolicy policy, Arrival arrival, DeadlineLoad load) => policy switch
    {
        DeadlinePolicy.Fifo => EnqueueOptions.Default,
        DeadlinePolicy.PriorityOnly => new EnqueueOptions { Priority = load.ThirdOf(arrival.Deadline) switch { 0 => TaskPriority.High, 1 => TaskPriority.Normal, _ => TaskPriority.Low } },
        _ => new EnqueueOptions { Deadline = arrival.Deadline },
    };
}
