namespace Runtime.Core.Model.Tests.Engine;

/// <summary>Which memory a scenario runs on.</summary>
public enum MemoryKind
{
    /// <summary>x64: <see cref="StoreBufferMemory"/>.</summary>
    StoreBuffer,

    /// <summary>arm64 and weaker: <see cref="WeakMemory"/>.</summary>
    Weak,
}

/// <summary>How far a scenario is explored.</summary>
internal sealed record ModelOptions
{
    public MemoryKind Memory { get; init; }

    /// <summary>How often a thread that could go on has to give way, at most, in the exhaustive part. Most bugs need two or fewer (Musuvathi, Qadeer 2007).</summary>
    public int Preemptions { get; init; } = Environment("MODEL_PREEMPTIONS", 2);

    /// <summary>How often the memory may deviate from its first choice: read past the newest write, let a store leave its buffer early.</summary>
    public int Deviations { get; init; } = int.MaxValue;

    /// <summary>How many executions the exhaustive part takes at most.</summary>
    public int MostExecutions { get; init; } = Environment("MODEL_EXECUTIONS", 20_000);

    /// <summary>How many random executions follow when the exhaustive part was not finished.</summary>
    public int RandomExecutions { get; init; } = Environment("MODEL_RANDOM", 3_000);

    /// <summary>Where the random part starts; printed, so that it can be repeated.</summary>
    public int Seed { get; init; } = Environment("MODEL_SEED", System.Environment.TickCount & 0xFFFFFF);

    /// <summary>A longer execution is a livelock.</summary>
    public int MostSteps { get; init; } = 2_000;

    /// <summary>How many steps a thread takes at most before another one gets a turn, if one can.</summary>
    public int MostInARow { get; init; } = 200;

    /// <summary>How often one thread may read past one and the same write that is there to be seen; it makes loops that wait finite.</summary>
    public int MostOverlooked { get; init; } = 2;

    private static int Environment(string name, int otherwise) =>
        int.TryParse(System.Environment.GetEnvironmentVariable(name), out var value) ? value : otherwise;
}
