using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Runtime.Hosting;

/// <summary>A bounded queue of background work that runs on the application's own asynchronous runtime. Inject it into controllers and handlers.</summary>
/// <remarks>
/// Thread safe. Items start by priority, then earliest deadline, then first in, first out. An item that awaits holds no thread.
/// The token of an <c>EnqueueAsync</c> ends the wait for room in a full queue; it does not reach the work, whose own token is
/// cancelled by its handle, its timeout, or the shutdown after the drain.
/// Named queues are keyed services: <c>[FromKeyedServices("reports")] IBackgroundQueue</c>.
/// </remarks>
public interface IBackgroundQueue
{
    /// <summary>Gets the queue's name; <c>default</c> for the one without a key.</summary>
    string Name { get; }

    /// <summary>Gets how many items are queued and not started, delayed ones included.</summary>
    int Count { get; }

    /// <summary>Gets how many items may be queued at once.</summary>
    int Capacity { get; }

    /// <summary>
    /// Estimates how long it takes until the queue takes work again: until there is room, from the rate at which the queue has been draining, and until an item like the
    /// one that was refused last for its deadline would be accepted.
    /// </summary>
    /// <returns>Zero when it takes work now; otherwise at least one second.</returns>
    TimeSpan EstimateRetryAfter();

    /// <summary>Queues work.</summary>
    /// <param name="work">The work.</param>
    /// <param name="options">How to run it.</param>
    /// <param name="cancellationToken">Ends the wait for room.</param>
    /// <returns>The item's handle.</returns>
    /// <exception cref="QueueFullException">The queue is full and set to <see cref="QueueFullMode.Reject"/>.</exception>
    /// <exception cref="DeadlineUnattainableException">The deadline cannot be met, and the queue is set to <see cref="QueueAdmission.RejectIfLate"/>.</exception>
    /// <exception cref="Runtime.Core.RuntimeNotRunningException">The runtime has not started or has begun to stop.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled before there was room.</exception>
    ValueTask<WorkHandle> EnqueueAsync(Func<CancellationToken, ValueTask> work, EnqueueOptions? options = null, CancellationToken cancellationToken = default);

    /// <summary>Queues work with a result.</summary>
    /// <inheritdoc cref="EnqueueAsync(Func{CancellationToken, ValueTask}, EnqueueOptions?, CancellationToken)"/>
    ValueTask<WorkHandle<TResult>> EnqueueAsync<TResult>(Func<CancellationToken, ValueTask<TResult>> work, EnqueueOptions? options = null, CancellationToken cancellationToken = default);

    /// <summary>Queues work that gets a service provider of its own scope, disposed when the item ends.</summary>
    /// <inheritdoc cref="EnqueueAsync(Func{CancellationToken, ValueTask}, EnqueueOptions?, CancellationToken)"/>
    ValueTask<WorkHandle> EnqueueAsync(Func<IServiceProvider, CancellationToken, ValueTask> work, EnqueueOptions? options = null, CancellationToken cancellationToken = default);

    /// <summary>Queues work with a result that gets a service provider of its own scope.</summary>
    /// <inheritdoc cref="EnqueueAsync(Func{CancellationToken, ValueTask}, EnqueueOptions?, CancellationToken)"/>
    [OverloadResolutionPriority(-1)] // EnqueueAsync<Service>((service, token) => throw …) fits both: it means the service
    ValueTask<WorkHandle<TResult>> EnqueueAsync<TResult>(Func<IServiceProvider, CancellationToken, ValueTask<TResult>> work, EnqueueOptions? options = null, CancellationToken cancellationToken = default);

    /// <summary>Queues work on a service that comes from the item's own scope.</summary>
    /// <inheritdoc cref="EnqueueAsync(Func{CancellationToken, ValueTask}, EnqueueOptions?, CancellationToken)"/>
    ValueTask<WorkHandle> EnqueueAsync<TService>(Func<TService, CancellationToken, ValueTask> work, EnqueueOptions? options = null, CancellationToken cancellationToken = default)
        where TService : notnull;

    /// <summary>Queues work on two services that come from the item's own scope.</summary>
    /// <inheritdoc cref="EnqueueAsync(Func{CancellationToken, ValueTask}, EnqueueOptions?, CancellationToken)"/>
    ValueTask<WorkHandle> EnqueueAsync<TService1, TService2>(Func<TService1, TService2, CancellationToken, ValueTask> work, EnqueueOptions? options = null, CancellationToken cancellationToken = default)
        where TService1 : notnull
        where TService2 : notnull;

    /// <summary>Queues work on three services that come from the item's own scope.</summary>
    /// <inheritdoc cref="EnqueueAsync(Func{CancellationToken, ValueTask}, EnqueueOptions?, CancellationToken)"/>
    ValueTask<WorkHandle> EnqueueAsync<TService1, TService2, TService3>(Func<TService1, TService2, TService3, CancellationToken, ValueTask> work, EnqueueOptions? options = null, CancellationToken cancellationToken = default)
        where TService1 : notnull
        where TService2 : notnull
        where TService3 : notnull;

    /// <summary>Queues work if that is possible now, without waiting.</summary>
    /// <param name="work">The work.</param>
    /// <param name="options">How to run it.</param>
    /// <param name="handle">The item's handle, or <see langword="null"/> when it was refused.</param>
    /// <returns><see langword="false"/> when the queue is full, no longer accepts work, or would miss a deadline that it is not to miss.</returns>
    bool TryEnqueue(Func<CancellationToken, ValueTask> work, EnqueueOptions? options, [NotNullWhen(true)] out WorkHandle? handle);

    /// <inheritdoc cref="TryEnqueue(Func{CancellationToken, ValueTask}, EnqueueOptions?, out WorkHandle?)"/>
    bool TryEnqueue<TResult>(Func<CancellationToken, ValueTask<TResult>> work, EnqueueOptions? options, [NotNullWhen(true)] out WorkHandle<TResult>? handle);

    /// <inheritdoc cref="TryEnqueue(Func{CancellationToken, ValueTask}, EnqueueOptions?, out WorkHandle?)"/>
    bool TryEnqueue(Func<IServiceProvider, CancellationToken, ValueTask> work, EnqueueOptions? options, [NotNullWhen(true)] out WorkHandle? handle);

    /// <inheritdoc cref="TryEnqueue(Func{CancellationToken, ValueTask}, EnqueueOptions?, out WorkHandle?)"/>
    [OverloadResolutionPriority(-1)]
    bool TryEnqueue<TResult>(Func<IServiceProvider, CancellationToken, ValueTask<TResult>> work, EnqueueOptions? options, [NotNullWhen(true)] out WorkHandle<TResult>? handle);

    /// <inheritdoc cref="TryEnqueue(Func{CancellationToken, ValueTask}, EnqueueOptions?, out WorkHandle?)"/>
    bool TryEnqueue<TService>(Func<TService, CancellationToken, ValueTask> work, EnqueueOptions? options, [NotNullWhen(true)] out WorkHandle? handle)
        where TService : notnull;

    /// <inheritdoc cref="TryEnqueue(Func{CancellationToken, ValueTask}, EnqueueOptions?, out WorkHandle?)"/>
    bool TryEnqueue<TService1, TService2>(Func<TService1, TService2, CancellationToken, ValueTask> work, EnqueueOptions? options, [NotNullWhen(true)] out WorkHandle? handle)
        where TService1 : notnull
        where TService2 : notnull;

    /// <inheritdoc cref="TryEnqueue(Func{CancellationToken, ValueTask}, EnqueueOptions?, out WorkHandle?)"/>
    bool TryEnqueue<TService1, TService2, TService3>(Func<TService1, TService2, TService3, CancellationToken, ValueTask> work, EnqueueOptions? options, [NotNullWhen(true)] out WorkHandle? handle)
        where TService1 : notnull
        where TService2 : notnull
        where TService3 : notnull;
}
