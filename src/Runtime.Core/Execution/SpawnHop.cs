using System.Threading.Tasks.Sources;

namespace Runtime.Core.Execution;

/// <summary>What spawned work awaits first: it goes on as new work on a worker.</summary>
/// <remarks>
/// Awaited as a <see cref="ValueTask"/>: the compiler's builder then hands over the state machine itself, which is the task too, and that one object is what
/// the queues hold. It has no state; one serves all awaits at once, and the token means nothing.
/// </remarks>
internal sealed class SpawnHop(WorkDispatcher dispatcher) : IValueTaskSource
{
    public ValueTask Await() => new(this, token: 0);

    public ValueTaskSourceStatus GetStatus(short token) => ValueTaskSourceStatus.Pending;

    // The flags ask for the awaiter's context; this await asks for the runtime's. An async method brings its execution context with it.
    public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        dispatcher.Scheduler.SubmitNew(StateMachines.Recognise(continuation, state) ?? (() => continuation(state)));

    public void GetResult(short token)
    {
    }
}
