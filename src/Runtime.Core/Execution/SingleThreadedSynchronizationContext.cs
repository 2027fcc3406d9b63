using System.Runtime.ExceptionServices;

namespace Runtime.Core.Execution;

/// <summary>Brings continuations home to a <see cref="SingleThreadedExecutor"/>.</summary>
/// <remarks>Immutable and thread safe; one for each executor, because awaits compare contexts by reference to find out whether they are home already.</remarks>
internal sealed class SingleThreadedSynchronizationContext(SingleThreadedExecutor executor) : SynchronizationContext
{
    public SingleThreadedExecutor Executor => executor;

    public override void Post(SendOrPostCallback d, object? state)
    {
        ArgumentNullException.ThrowIfNull(d);
        executor.Post(d, state);
    }

    /// <summary>Runs a callback on the executor and waits for it; at once when the caller is on it. Somebody else has to drive the executor meanwhile.</summary>
    public override void Send(SendOrPostCallback d, object? state)
    {
        ArgumentNullException.ThrowIfNull(d);
        if (executor.IsDriver)
        {
            d(state);
            return;
        }

        using var done = new ManualResetEventSlim();
        Exception? failure = null;
        Post(
            _ =>
            {
                try
                {
                    d(state);
                }
                catch (Exception exception)
                {
                    failure = exception;
                }

                done.Set();
            },
            state: null);
        done.Wait();
        if (failure is not null)
        {
            ExceptionDispatchInfo.Throw(failure);
        }
    }

    public override SynchronizationContext CreateCopy() => this;
}
