namespace Runtime.Core.Lifecycle;

/// <summary>The lifecycle state machine of a runtime.</summary>
/// <remarks>Thread safe. Of any number of concurrent transitions to the same state exactly one wins.</remarks>
public sealed class RuntimeLifecycle
{
    // The state as an int; moved only forward, only by compare-exchange in TryTransition.
    private int _state;

    /// <summary>Gets the state as it is now.</summary>
    public RuntimeState State => (RuntimeState)Volatile.Read(ref _state);

    /// <summary>Moves to the next state.</summary>
    /// <param name="to">The state to move to; it must be the successor of the present one.</param>
    /// <exception cref="InvalidStateTransitionException">The move is not allowed, or another caller made it first.</exception>
    public void Transition(RuntimeState to)
    {
        if (!TryTransition(to, out var from))
        {
            throw new InvalidStateTransitionException(from, to);
        }
    }

    /// <summary>Moves to the next state, unless that is not allowed from the present one.</summary>
    /// <param name="to">The state to move to.</param>
    /// <param name="from">The state the machine was in.</param>
    /// <returns><see langword="true"/> for the one caller that made the move.</returns>
    public bool TryTransition(RuntimeState to, out RuntimeState from)
    {
        // The only predecessor of a state is the one before it, so one compare-exchange both checks and moves.
        from = (RuntimeState)Interlocked.CompareExchange(ref _state, (int)to, (int)to - 1);
        return (int)from == (int)to - 1;
    }
}
