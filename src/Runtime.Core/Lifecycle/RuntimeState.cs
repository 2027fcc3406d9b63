namespace Runtime.Core.Lifecycle;

/// <summary>The states of a runtime, in the only order in which it may pass through them.</summary>
public enum RuntimeState
{
    /// <summary>Created; owns no thread yet.</summary>
    Uninitialized,

    /// <summary>Starting its threads.</summary>
    Initializing,

    /// <summary>Accepting and running work.</summary>
    Running,

    /// <summary>Refusing new work, draining what is there.</summary>
    ShuttingDown,

    /// <summary>Over; every thread has ended.</summary>
    Terminated,
}
