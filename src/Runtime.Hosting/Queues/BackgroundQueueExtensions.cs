using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Runtime.Hosting;

/// <summary>Shorter forms of <see cref="IBackgroundQueue"/>: each <c>TryEnqueue</c> without options.</summary>
public static class BackgroundQueueExtensions
{
    /// <summary>Queues work with default options if that is possible now, without waiting.</summary>
    /// <param name="queue">The queue.</param>
    /// <param name="work">The work.</param>
    /// <param name="handle">The item's handle, or <see langword="null"/> when it was refused.</param>
    /// <returns><see langword="false"/> when the queue is full, no longer accepts work, or would miss a deadline that it is not to miss.</returns>
    /// <exception cref="ArgumentNullException">An argument is <see langword="null"/>.</exception>
    public static bool TryEnqueue(this IBackgroundQueue queue, Func<CancellationToken, ValueTask> work, [NotNullWhen(true)] out WorkHandle? handle) =>
        NotNull(queue).TryEnqueue(work, options: null, out handle);

    /// <inheritdoc cref="TryEnqueue(IBackgroundQueue, Func{CancellationToken, ValueTask}, out WorkHandle?)"/>
    /// <typeparam name="TResult">The type of the result.</typeparam>
    public static bool TryEnqueue<TResult>(this IBackgroundQueue queue, Func<CancellationToken, ValueTask<TResult>> work, [NotNullWhen(true)] out WorkHandle<TResult>? handle) =>
        NotNull(queue).TryEnqueue(work, options: null, out handle);

    /// <inheritdoc cref="TryEnqueue(IBackgroundQueue, Func{CancellationToken, ValueTask}, out WorkHandle?)"/>
    public static bool TryEnqueue(this IBackgroundQueue queue, Func<IServiceProvider, CancellationToken, ValueTask> work, [NotNullWhen(true)] out WorkHandle? handle) =>
        NotNull(queue).TryEnqueue(work, options: null, out handle);

    /// <inheritdoc cref="TryEnqueue(IBackgroundQueue, Func{CancellationToken, ValueTask}, out WorkHandle?)"/>
    /// <typeparam name="TResult">The type of the result.</typeparam>
    [OverloadResolutionPriority(-1)]
    public static bool TryEnqueue<TResult>(this IBackgroundQueue queue, Func<IServiceProvider, CancellationToken, ValueTask<TResult>> work, [NotNullWhen(true)] out WorkHandle<TResult>? handle) =>
        NotNull(queue).TryEnqueue(work, options: null, out handle);

    /// <inheritdoc cref="TryEnqueue(IBackgroundQueue, Func{CancellationToken, ValueTask}, out WorkHandle?)"/>
    /// <typeparam name="TService">The service that the work takes from its scope.</typeparam>
    public static bool TryEnqueue<TService>(this IBackgroundQueue queue, Func<TService, CancellationToken, ValueTask> work, [NotNullWhen(true)] out WorkHandle? handle)
        where TService : notnull =>
        NotNull(queue).TryEnqueue(work, options: null, out handle);

    /// <inheritdoc cref="TryEnqueue(IBackgroundQueue, Func{CancellationToken, ValueTask}, out WorkHandle?)"/>
    /// <typeparam name="TService1">The first service that the work takes from its scope.</typeparam>
    /// <typeparam name="TService2">The second.</typeparam>
    public static bool TryEnqueue<TService1, TService2>(this IBackgroundQueue queue, Func<TService1, TService2, CancellationToken, ValueTask> work, [NotNullWhen(true)] out WorkHandle? handle)
        where TService1 : notnull
        where TService2 : notnull =>
        NotNull(queue).TryEnqueue(work, options: null, out handle);

    /// <inheritdoc cref="TryEnqueue(IBackgroundQueue, Func{CancellationToken, ValueTask}, out WorkHandle?)"/>
    /// <typeparam name="TService1">The first service that the work takes from its scope.</typeparam>
    /// <typeparam name="TService2">The second.</typeparam>
    /// <typeparam name="TService3">The third.</typeparam>
    public static bool TryEnqueue<TService1, TService2, TService3>(this IBackgroundQueue queue, Func<TService1, TService2, TService3, CancellationToken, ValueTask> work, [NotNullWhen(true)] out WorkHandle? handle)
        where TService1 : notnull
        where TService2 : notnull
        where TService3 : notnull =>
        NotNull(queue).TryEnqueue(work, options: null, out handle);

    private static IBackgroundQueue NotNull(IBackgroundQueue queue)
    {
        ArgumentNullException.ThrowIfNull(queue);
        return queue;
    }
}
