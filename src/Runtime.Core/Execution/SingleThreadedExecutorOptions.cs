namespace Runtime.Core.Execution;

/// <summary>How a <see cref="SingleThreadedExecutor"/> chooses what runs next, and whose time it keeps.</summary>
/// <remarks>Immutable.</remarks>
public sealed record SingleThreadedExecutorOptions
{
    /// <summary>Gets the seed of the order.</summary>
    /// <value>
    /// Default <see langword="null"/>: first in, first out. With a seed the next one is drawn at random from all that is ready: each seed is
    /// another interleaving, and the same seed the same one, on every machine and version.
    /// </value>
    public int? Seed { get; init; }

    /// <summary>Gets the clock.</summary>
    /// <value>Default <see cref="TimeProvider.System"/>. With a <see cref="Timing.VirtualClock"/> time passes only when nothing else can.</value>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>Gets whether <c>BlockOn</c> throws instead of waiting when nothing is ready and no timer is armed, so that a deadlock is an error and no hang.</summary>
    /// <value>Default <see langword="false"/>. Needs a <see cref="Timing.VirtualClock"/>, and work that waits for no other thread.</value>
    public bool ThrowWhenStalled { get; init; }
}
