namespace Runtime.Core.Lifecycle;

/// <summary>A runtime was asked to move between two states that no arrow joins.</summary>
public sealed class InvalidStateTransitionException : InvalidOperationException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="from">The state the runtime was in.</param>
    /// <param name="to">The state that was asked for.</param>
    public InvalidStateTransitionException(RuntimeState from, RuntimeState to)
        : base($"A runtime cannot go from {from} to {to}; the only order is "
            + $"{RuntimeState.Uninitialized} → {RuntimeState.Initializing} → {RuntimeState.Running} → {RuntimeState.ShuttingDown} → {RuntimeState.Terminated}.")
    {
        From = from;
        To = to;
    }

    /// <summary>Gets the state the runtime was in.</summary>
    public RuntimeState From { get; }

    /// <summary>Gets the state that was asked for.</summary>
    public RuntimeState To { get; }
}
