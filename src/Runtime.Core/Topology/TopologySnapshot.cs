namespace Runtime.Core.Topology;

/// <summary>The machine as the runtime sees it, and where its workers run.</summary>
public sealed record TopologySnapshot
{
    /// <summary>Gets how many processor packages the machine shows.</summary>
    public required int Sockets { get; init; }

    /// <summary>Gets how many NUMA nodes it shows.</summary>
    public required int Nodes { get; init; }

    /// <summary>Gets how many physical cores it shows.</summary>
    public required int Cores { get; init; }

    /// <summary>Gets how many logical processors the process may run on: its affinity and its cpuset.</summary>
    public required int AllowedProcessors { get; init; }

    /// <summary>Gets how much processor time its control groups allow, in processors, e.g. 0.5; <see langword="null"/> for no limit.</summary>
    public required double? CpuQuota { get; init; }

    /// <summary>Gets what is done about placement and why, in a sentence for people.</summary>
    public required string Placement { get; init; }

    /// <summary>Gets how many workers run at a place of their own. Reserve workers have none.</summary>
    public required int PlacedWorkers { get; init; }

    /// <summary>Gets what the system last refused and why; <see langword="null"/> when it has not refused anything since placement was last changed.</summary>
    public required string? Problem { get; init; }
}
