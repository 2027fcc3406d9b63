namespace Runtime.Core;

/// <summary>What a failure in a <see cref="TaskScope"/> does to the rest of it.</summary>
public enum TaskScopeFailureMode
{
    /// <summary>The first failure cancels everything else in the scope.</summary>
    FailFast,

    /// <summary>The others go on; failures are collected.</summary>
    Supervise,
}

/// <summary>How a <see cref="TaskScope"/> behaves.</summary>
/// <remarks>Immutable, so one instance may serve any number of scopes.</remarks>
public sealed record TaskScopeOptions
{
    /// <summary>Gets the options of a scope that names none: fail fast, no deadline, no limit, no name.</summary>
    public static TaskScopeOptions Default { get; } = new();

    /// <summary>Gets the name, for messages.</summary>
    /// <value>Default <see langword="null"/>.</value>
    public string? Name { get; init; }

    /// <summary>Gets how long after its opening the scope is cancelled, on the clock of what it was opened on.</summary>
    /// <value>Default <see langword="null"/>: never. From zero to 4,294,967,294 ms. A nested scope never outlasts the one around it.</value>
    public TimeSpan? Deadline { get; init; }

    /// <summary>Gets what a failure does to the rest.</summary>
    /// <value>Default <see cref="TaskScopeFailureMode.FailFast"/>.</value>
    public TaskScopeFailureMode FailureMode { get; init; }

    /// <summary>Gets how many children may have started and not ended; more of them wait, first in, first out.</summary>
    /// <value>Default 0: no limit. A child that waits for a sibling which waits for its turn may wait for ever.</value>
    public int MaxConcurrency { get; init; }
}
