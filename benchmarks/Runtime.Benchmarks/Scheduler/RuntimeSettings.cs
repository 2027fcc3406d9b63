using Runtime.Benchmarks.Harness;
using Runtime.Core;

namespace Runtime.Benchmarks.Scheduler;

/// <summary>How a runtime that takes part is set up.</summary>
internal sealed record RuntimeSettings
{
    /// <summary>Gets how many workers it has.</summary>
    public int Workers { get; init; } = 2;

    /// <summary>Gets whether somebody listens to its metrics.</summary>
    public bool Metrics { get; init; } = true;

    /// <summary>Gets whether priorities decide the order.</summary>
    public bool Priorities { get; init; } = true;

    /// <summary>Gets whether workers that are blocked get a replacement.</summary>
    public bool Reserve { get; init; } = true;

    /// <summary>Gets how far its workers stand back. None, unlike the default: neither the pool nor Tokio stands back.</summary>
    public WorkerIsolation Isolation { get; init; } = WorkerIsolation.None;

    public static RuntimeSettings From(Arguments arguments) => new()
    {
        Workers = arguments.Integer("workers"),
        Isolation = Enum.Parse<WorkerIsolation>(arguments.Text("isolation"), ignoreCase: true),
    };

    public AsyncRuntimeOptions ToOptions()
    {
        var options = new AsyncRuntimeOptions
        {
            WorkerThreads = Workers,
            EnablePriorityScheduling = Priorities,
            Isolation = Isolation,
            ThreadNamePrefix = ThreadNamePrefix,
        };
        if (!Reserve)
        {
            options.MaxReserveThreads = 0;
        }

        return options;
    }

    /// <summary>What the names of its threads begin with; short enough for the kernel's 15 characters.</summary>
    public const string ThreadNamePrefix = "bench-rt";

    public string Describe() =>
        $"{Workers} workers, priorities {(Priorities ? "on" : "off")}, metrics {(Metrics ? "listened to and read every second" : "not listened to")}, isolation {Isolation}";
}
