namespace Runtime.Core;

/// <summary>Something that work can be started on: an <see cref="AsyncRuntime"/>, an <see cref="Execution.SingleThreadedExecutor"/> or a <see cref="TaskScope"/>.</summary>
/// <remarks>
/// Code that asks for this instead of the runtime itself can be tested on one thread, in a fixed order and in virtual time. Implementations are
/// thread safe. It is not meant to be implemented by users: members may be added.
/// </remarks>
public interface ITaskSpawner
{
    /// <summary>Gets the clock that belongs to the work: pass it to <c>Task.Delay</c>, <see cref="PeriodicTimer"/> and <see cref="CancellationTokenSource"/>.</summary>
    TimeProvider TimeProvider { get; }

    /// <summary>Gets a token that is cancelled when the work is to end.</summary>
    CancellationToken Stopping { get; }

    /// <summary>Starts asynchronous work.</summary>
    /// <param name="work">The work. Its token is cancelled by <paramref name="cancellationToken"/> and by <see cref="Stopping"/>.</param>
    /// <param name="options">How it is scheduled, where there is a choice.</param>
    /// <param name="cancellationToken">Cancels the work; before it has started, the delegate is never called.</param>
    /// <returns>A task that ends with the work: with its exception when it throws, cancelled when it ends with an <see cref="OperationCanceledException"/>.</returns>
    /// <remarks>The caller's <see cref="ExecutionContext"/> flows. Never runs any part of the work inside this call.</remarks>
    /// <exception cref="InvalidOperationException">No work is accepted any more, or not yet.</exception>
    Task Spawn(Func<CancellationToken, ValueTask> work, SpawnOptions? options = null, CancellationToken cancellationToken = default);

    /// <summary>Starts asynchronous work with a result.</summary>
    /// <typeparam name="TResult">The type of the result.</typeparam>
    /// <inheritdoc cref="Spawn(Func{CancellationToken, ValueTask}, SpawnOptions?, CancellationToken)"/>
    Task<TResult> Spawn<TResult>(Func<CancellationToken, ValueTask<TResult>> work, SpawnOptions? options = null, CancellationToken cancellationToken = default);
}
