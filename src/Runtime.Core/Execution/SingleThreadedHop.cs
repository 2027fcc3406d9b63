using System.Threading.Tasks.Sources;

namespace Runtime.Core.Execution;

/// <summary>What to await in order to go on at the back of an executor's queue, from wherever one is.</summary>
/// <remarks>
/// Awaited as a <see cref="ValueTask"/>: the compiler's builder then hands over the state machine itself instead of making a delegate for it, so a
/// hop allocates nothing. It has no state; one serves all awaits at once, and the token means nothing.
/// </remarks>
internal sealed class SingleThreadedHop(SingleThreadedExecutor executor) : IValueTaskSource
{
    public ValueTask Await() => new(this, token: 0);

    // Never complete before the await: the point is to go to the back.
    public ValueTaskSourceStatus GetStatus(short token) => ValueTaskSourceStatus.Pending;

    // The flags ask for the awaiter's context; this await asks for the executor's. An async method brings its execution context with it.
    public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags)
    {
        if (flags.HasFlag(ValueTaskSourceOnCompletedFlags.FlowExecutionContext) && ExecutionContext.Capture() is { } context)
        {
            executor.Post((Action<object?>)(_ => ExecutionContext.Run(context, state => continuation(state), state)), state: null);
            return;
        }

        executor.Post(continuation, state);
    }

    public void GetResult(short token)
    {
    }
}
