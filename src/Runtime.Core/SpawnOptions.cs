namespace Runtime.Core;

/// <summary>How one piece of spawned work is scheduled.</summary>
/// <remarks>Immutable, so one instance may serve any number of spawns on any number of threads.</remarks>
public sealed record SpawnOptions
{
    /// <summary>The options of a spawn that names none: <see cref="TaskPriority.Normal"/>, no deadline, no name.</summary>
    public static SpawnOptions Default { get; } = new();

    /// <summary>Gets the priority; continuations of the work keep it.</summary>
    /// <value>Default <see cref="TaskPriority.Normal"/>.</value>
    public TaskPriority Priority { get; init; } = TaskPriority.Normal;

    /// <summary>Gets how soon, from the spawn on, the work should have started. It orders work of equal priority; it does not cancel.</summary>
    /// <value>Default <see langword="null"/>: no deadline. Zero or more.</value>
    public TimeSpan? Deadline { get; init; }

    /// <summary>Gets a name for diagnostics.</summary>
    /// <value>Default <see langword="null"/>.</value>
    public string? Name { get; init; }
}
