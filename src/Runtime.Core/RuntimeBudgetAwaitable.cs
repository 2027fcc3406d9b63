using System.Runtime.CompilerServices;
using Runtime.Core.Execution;

namespace Runtime.Core;

/// <summary>What <see cref="AsyncRuntime.ConsumeBudget"/> returns: an await that goes on at once while the budget lasts, and else as a yield.</summary>
/// <remarks>Awaiting it allocates nothing. Method: <c>tokio::task::consume_budget</c>.</remarks>
public readonly struct RuntimeBudgetAwaitable
{
    /// <summary>Gets the awaiter.</summary>
    /// <returns>The awaiter.</returns>
    public Awaiter GetAwaiter() => default;

    /// <summary>Takes one unit, or queues the continuation at the back.</summary>
    public readonly struct Awaiter : ICriticalNotifyCompletion
    {
        /// <summary>Takes one unit of the budget; <see langword="false"/> when none is left.</summary>
        public bool IsCompleted => CooperativeBudget.TryTake();

        /// <summary>Does nothing.</summary>
        public void GetResult()
        {
        }

        /// <inheritdoc/>
        public void OnCompleted(Action continuation)
        {
            CooperativeBudget.CountForcedYield();
            default(RuntimeYieldAwaitable.Awaiter).OnCompleted(continuation);
        }

        /// <inheritdoc/>
        public void UnsafeOnCompleted(Action continuation)
        {
            CooperativeBudget.CountForcedYield();
            default(RuntimeYieldAwaitable.Awaiter).UnsafeOnCompleted(continuation);
        }
    }
}
