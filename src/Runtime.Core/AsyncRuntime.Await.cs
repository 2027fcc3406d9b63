using Runtime.Core.Execution;

namespace Runtime.Core;

// Waits that allocate nothing: what stands behind each of these value tasks is an object of a pool, which is also the work item of the awaiter.
public sealed partial class AsyncRuntime
{
    /// <summary>Takes a unit of the budget of the code that runs here, and lets other work go first when there is none left.</summary>
    /// <returns>Something to await, in loops over awaits that mostly do not wait: they would otherwise keep their worker.</returns>
    /// <remarks>
    /// <para>
    /// The budget is 128 units for each time that work gets a worker. The runtime's own awaitables (<see cref="Delay(TimeSpan, CancellationToken)"/>, <c>RunAsync</c>) take a unit
    /// whenever they are found complete; awaits of anything else do not, so call this where such a loop may go on for long. When none is left, the await
    /// resumes behind everything of its priority that waits, as <see cref="Yield"/> does, with a new budget; <see cref="RuntimeSnapshot.ForcedYields"/> counts it.
    /// </para>
    /// <para>
    /// Allocates nothing. Outside of a worker, and under a synchronization context that is not the runtime's, there is no budget and the await
    /// never suspends.
    /// </para>
    /// </remarks>
    public static RuntimeBudgetAwaitable ConsumeBudget() => default;

    /// <summary>Starts asynchronous work on a worker and awaits its end, without a task in between.</summary>
    /// <param name="work">The work. Its token is cancelled by <paramref name="cancellationToken"/> and, when a stop has drained long enough, by the runtime.</param>
    /// <param name="options">Priority, deadline and name.</param>
    /// <param name="cancellationToken">Cancels the work; before it has started, the delegate is never called.</param>
    /// <returns>
    /// A value task that ends with the work, to be awaited once: with its exception when it throws, cancelled when it ends with an <see cref="OperationCanceledException"/>.
    /// A second await throws an <see cref="InvalidOperationException"/> that says so; <see cref="ValueTask.AsTask"/> gives a task for more.
    /// </returns>
    /// <remarks>
    /// <para>
    /// As <see cref="Spawn(Func{CancellationToken, ValueTask}, SpawnOptions?, CancellationToken)"/> in all but what it returns: the work is counted, ordered, cancelled and
    /// stopped like any other, the caller's <see cref="ExecutionContext"/> flows, and no part of the work runs on the calling thread. The work starts whether or not
    /// anybody awaits it; but of work that nobody awaits, nobody hears that it failed, except the counters. Where its awaiter goes on is as for <see cref="Delay(TimeSpan, CancellationToken)"/>.
    /// </para>
    /// <para>
    /// Thread safe. Allocates nothing once the runtime is warm, when the delegate completes at once and neither a deadline nor a token is given (<see cref="Stopping"/> may be:
    /// every work has it); a delegate that suspends costs its own state machine. Use the overload with a state to save the closure as well.
    /// </para>
    /// </remarks>
    /// <exception cref="ArgumentNullException"><paramref name="work"/> is <see langword="null"/>.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The priority is not defined, or the deadline is negative.</exception>
    /// <exception cref="RuntimeNotRunningException">The runtime has not started or has begun to stop. Work that is draining may still start more.</exception>
    public ValueTask RunAsync(Func<CancellationToken, ValueTask> work, SpawnOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(work);
        return RunAsync(static (work, token) => work(token), work, options, cancellationToken);
    }

    /// <summary>Starts asynchronous work with a result on a worker and awaits its end, without a task in between.</summary>
    /// <typeparam name="TResult">The type of the result.</typeparam>
    /// <inheritdoc cref="RunAsync(Func{CancellationToken, ValueTask}, SpawnOptions?, CancellationToken)"/>
    public ValueTask<TResult> RunAsync<TResult>(
        Func<CancellationToken, ValueTask<TResult>> work, SpawnOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(work);
        return RunAsync(static (work, token) => work(token), work, options, cancellationToken);
    }

    /// <summary>Starts asynchronous work with a state on a worker and awaits its end, without a task or a closure in between.</summary>
    /// <param name="work">The work. Its token is cancelled by <paramref name="cancellationToken"/> and, when a stop has drained long enough, by the runtime.</param>
    /// <param name="state">What it is given.</param>
    /// <param name="options">Priority, deadline and name.</param>
    /// <param name="cancellationToken">Cancels the work; before it has started, the delegate is never called.</param>
    /// <typeparam name="TState">The type of the state.</typeparam>
    /// <inheritdoc cref="RunAsync(Func{CancellationToken, ValueTask}, SpawnOptions?, CancellationToken)"/>
    public ValueTask RunAsync<TState>(
        Func<TState, CancellationToken, ValueTask> work, TState state, SpawnOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(work);
        options = Validated(options);
        var worker = _dispatcher.Scheduler.CurrentWorker;
        var late = Accept(worker);
        var item = _dispatcher.Pool.Take<RunAction<TState>>();
        var end = item.Prepare(_dispatcher, late, work, state, options, cancellationToken); // before it is queued: from then on it is not ours
        _dispatcher.Scheduler.Submit(item, worker);
        return end;
    }

    /// <summary>Starts asynchronous work with a state and a result on a worker and awaits its end, without a task or a closure in between.</summary>
    /// <typeparam name="TState">The type of the state.</typeparam>
    /// <typeparam name="TResult">The type of the result.</typeparam>
    /// <inheritdoc cref="RunAsync{TState}(Func{TState, CancellationToken, ValueTask}, TState, SpawnOptions?, CancellationToken)"/>
    public ValueTask<TResult> RunAsync<TState, TResult>(
        Func<TState, CancellationToken, ValueTask<TResult>> work, TState state, SpawnOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(work);
        options = Validated(options);
        var worker = _dispatcher.Scheduler.CurrentWorker;
        var late = Accept(worker);
        var item = _dispatcher.Pool.Take<RunFunction<TState, TResult>>();
        var end = item.Prepare(_dispatcher, late, work, state, options, cancellationToken);
        _dispatcher.Scheduler.Submit(item, worker);
        return end;
    }
}
