using System.Runtime.CompilerServices;
using Runtime.Core.Execution;

namespace Runtime.Core;

/// <summary>What <see cref="AsyncRuntime.Yield"/> returns: an await that always suspends and resumes behind everything of its priority that waits.</summary>
public readonly struct RuntimeYieldAwaitable
{
    /// <summary>Gets the awaiter.</summary>
    /// <returns>The awaiter.</returns>
    public Awaiter GetAwaiter() => default;

    /// <summary>Queues the continuation at the back.</summary>
    public readonly struct Awaiter : ICriticalNotifyCompletion
    {
        /// <summary>Gets <see langword="false"/>: a yield always yields.</summary>
        public bool IsCompleted => false;

        /// <summary>Does nothing.</summary>
        public void GetResult()
        {
        }

        /// <inheritdoc/>
        public void OnCompleted(Action continuation)
        {
            // The compiler uses UnsafeOnCompleted; whoever calls this by hand expects the execution context to flow.
            var context = ExecutionContext.Capture();
            UnsafeOnCompleted(context is null ? continuation : () => ExecutionContext.Run(context, static state => ((Action)state!)(), continuation));
        }

        /// <inheritdoc/>
        public void UnsafeOnCompleted(Action continuation)
        {
            ArgumentNullException.ThrowIfNull(continuation);
            if (RuntimeSynchronizationContext.Current is { } context)
            {
                context.Yield(continuation);
            }
            else
            {
                default(YieldAwaitable.YieldAwaiter).UnsafeOnCompleted(continuation); // not on a runtime: an ordinary Task.Yield
            }
        }
    }
}
