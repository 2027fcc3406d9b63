using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using Runtime.Core;

namespace Runtime.Hosting;

/// <summary>One accepted work item: what it is, how it stands, and the way to wait for it or to cancel it.</summary>
/// <remarks>Thread safe. Awaiting it waits for the end of the work and throws what the work threw.</remarks>
public abstract partial class WorkHandle
{
    /// <summary>Gets the id; unique, and not to be guessed from another one.</summary>
    public abstract Guid Id { get; }

    /// <summary>Gets the name given at the enqueue.</summary>
    public abstract string? Name { get; }

    /// <summary>Gets the name of the queue.</summary>
    public abstract string QueueName { get; }

    /// <summary>Gets the priority.</summary>
    public abstract TaskPriority Priority { get; }

    /// <summary>Gets the words given at the enqueue.</summary>
    public abstract IReadOnlyList<string> Tags { get; }

    /// <summary>Gets where the item is in its life.</summary>
    public abstract WorkStatus Status { get; }

    /// <summary>Gets when the item was accepted.</summary>
    public abstract DateTimeOffset EnqueuedAt { get; }

    /// <summary>Gets when the item started, if it has.</summary>
    public abstract DateTimeOffset? StartedAt { get; }

    /// <summary>Gets when the item ended, if it has.</summary>
    public abstract DateTimeOffset? FinishedAt { get; }

    /// <summary>Gets the exception of a failed item.</summary>
    public abstract Exception? Error { get; }

    /// <summary>Gets why the item was cancelled, if it was.</summary>
    public abstract string? CancellationReason { get; }

    /// <summary>Gets what the item last said of its progress through <see cref="WorkContext.Report"/>.</summary>
    public abstract WorkProgress? Progress { get; }

    /// <summary>Gets the result of a succeeded item that has one; otherwise <see langword="null"/>.</summary>
    public abstract object? Result { get; }

    /// <summary>Gets a task that ends with the item: faulted when it failed or was dropped (<see cref="WorkDroppedException"/>), cancelled when it was cancelled.</summary>
    public Task Completion => CompletionCore;

    private protected abstract Task CompletionCore { get; }

    /// <summary>Cancels the item: a queued one never starts, a running one has its token cancelled.</summary>
    /// <param name="reason">Why, for logs and status pages.</param>
    /// <returns><see langword="false"/> when the item was already over or already being cancelled.</returns>
    public abstract bool Cancel(string? reason = null);

    /// <summary>Waits for the end of the work.</summary>
    /// <returns>The awaiter of <see cref="Completion"/>.</returns>
    public TaskAwaiter GetAwaiter() => Completion.GetAwaiter();
}

/// <summary>One accepted work item with a result.</summary>
/// <typeparam name="TResult">The type of the result.</typeparam>
public abstract class WorkHandle<TResult> : WorkHandle
{
    private protected WorkHandle(Queues.BackgroundQueue queue, Delegate work, EnqueueOptions? options)
        : base(queue, work, options)
    {
    }

    /// <summary>Gets a task that ends with the item and gives its result.</summary>
    public new abstract Task<TResult> Completion { get; }

    private protected sealed override Task CompletionCore => Completion;

    /// <summary>Gets the result without waiting.</summary>
    /// <param name="result">The result, when the item has succeeded.</param>
    /// <returns><see langword="true"/> when the item has succeeded.</returns>
    public abstract bool TryGetResult([MaybeNullWhen(false)] out TResult result);

    /// <summary>Waits for the result.</summary>
    /// <returns>The awaiter of <see cref="Completion"/>.</returns>
    public new TaskAwaiter<TResult> GetAwaiter() => Completion.GetAwaiter();
}
