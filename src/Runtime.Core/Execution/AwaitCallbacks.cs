namespace Runtime.Core.Execution;

/// <summary>Recognises the callbacks by which the library's awaiters post a continuation: all they do is call the <see cref="Action"/> that is their state.</summary>
/// <remarks>
/// Learned by awaiting under a context that listens, so it depends on no name inside the library. A callback that is not recognised, in another version
/// of it, is called as it is: nothing is lost but an allocation.
/// </remarks>
internal static class AwaitCallbacks
{
    private static readonly SendOrPostCallback? _ofTask = Learn(static () =>
    {
        var awaited = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously); // else it would go on at once, without a post
        awaited.Task.GetAwaiter().UnsafeOnCompleted(Nothing);
        awaited.SetResult();
    });

    private static readonly SendOrPostCallback? _ofYield = Learn(static () => Task.Yield().GetAwaiter().UnsafeOnCompleted(Nothing));

    public static bool Contains(SendOrPostCallback callback) => ReferenceEquals(callback, _ofTask) || ReferenceEquals(callback, _ofYield);

    private static void Nothing()
    {
    }

    private static SendOrPostCallback? Learn(Action await)
    {
        var outer = SynchronizationContext.Current;
        var probe = new Probe();
        SynchronizationContext.SetSynchronizationContext(probe);
        try
        {
            await();
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(outer);
        }

        return probe.Seen;
    }

    private sealed class Probe : SynchronizationContext
    {
        public SendOrPostCallback? Seen { get; private set; }

        public override void Post(SendOrPostCallback d, object? state)
        {
            // Only the exact form is learned: the state is the continuation.
            if (state is Action action && action.Method == ((Action)Nothing).Method)
            {
                Seen = d;
            }
        }
    }
}
