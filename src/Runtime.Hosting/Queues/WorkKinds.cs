using System.Diagnostics.CodeAnalysis;
using Runtime.Core;

namespace Runtime.Hosting.Queues;

/// <summary>An item without a result.</summary>
internal abstract class PlainWork(BackgroundQueue queue, Delegate work, EnqueueOptions? options) : WorkHandle(queue, work, options)
{
    private static readonly TaskCompletionSource _succeeded = Completed();

    public sealed override Guid Id => Queue.IdOf(this);

    public sealed override string? Name => Options.Name;

    public sealed override string QueueName => Queue.Name;

    public sealed override TaskPriority Priority => Options.Priority;

    public sealed override IReadOnlyList<string> Tags => Options.Tags;

    public sealed override WorkStatus Status => Stage;

    public sealed override DateTimeOffset EnqueuedAt => WorkTimes.EnqueuedAt(this);

    public sealed override DateTimeOffset? StartedAt => WorkTimes.StartedAt(this);

    public sealed override DateTimeOffset? FinishedAt => WorkTimes.FinishedAt(this);

    public sealed override Exception? Error => Failure;

    public sealed override string? CancellationReason => ReasonOfCancellation;

    public sealed override WorkProgress? Progress => Extras?.Progress;

    public sealed override object? Result => null;

    private protected sealed override Task CompletionCore
    {
        get
        {
            // Without a source of its own, that of all who were not asked before they succeeded; either way it is the same task from now on.
            if (Stage == WorkStatus.Succeeded && CompletionSource is null)
            {
                Interlocked.CompareExchange(ref CompletionSource, _succeeded, null);
            }

            BackgroundQueue.EnsureCompletion(this);
            return ((TaskCompletionSource)CompletionSource!).Task;
        }
    }

    public sealed override bool Cancel(string? reason = null) => Queue.Cancel(this, reason);

    private static TaskCompletionSource Completed()
    {
        var source = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        source.SetResult();
        return source;
    }

    internal sealed override object CreateCompletionSource() => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    internal sealed override void SettleCompletion()
    {
        var completion = (TaskCompletionSource)CompletionSource!;
        switch (Stage)
        {
            case WorkStatus.Succeeded:
                completion.TrySetResult();
                break;
            case WorkStatus.Cancelled:
                completion.TrySetCanceled(WorkOutcomes.TokenOf(this));
                break;
            default:
                completion.TrySetException(Failure!);
                WorkOutcomes.MarkObserved(completion.Task);
                break;
        }
    }
}

/// <summary>An item with a result. All but the last members are those of <see cref="PlainWork"/>: the two cannot share a base, since this one is a <see cref="WorkHandle{TResult}"/>.</summary>
internal abstract class ResultWork<TResult>(BackgroundQueue queue, Delegate work, EnqueueOptions? options) : WorkHandle<TResult>(queue, work, options)
{
    // The result; written by the work's own flow before the stage becomes Succeeded.
    private TResult? _result;

    public sealed override Guid Id => Queue.IdOf(this);

    public sealed override string? Name => Options.Name;

    public sealed override string QueueName => Queue.Name;

    public sealed override TaskPriority Priority => Options.Priority;

    public sealed override IReadOnlyList<string> Tags => Options.Tags;

    public sealed override WorkStatus Status => Stage;

    public sealed override DateTimeOffset EnqueuedAt => WorkTimes.EnqueuedAt(this);

    public sealed override DateTimeOffset? StartedAt => WorkTimes.StartedAt(this);

    public sealed override DateTimeOffset? FinishedAt => WorkTimes.FinishedAt(this);

    public sealed override Exception? Error => Failure;

    public sealed override string? CancellationReason => ReasonOfCancellation;

    public sealed override WorkProgress? Progress => Extras?.Progress;

    public sealed override object? Result => Stage == WorkStatus.Succeeded ? _result : null;

    public sealed override Task<TResult> Completion
    {
        get
        {
            BackgroundQueue.EnsureCompletion(this);
            return ((TaskCompletionSource<TResult>)CompletionSource!).Task;
        }
    }

    internal sealed override string ResultDescription => $"a result of type {typeof(TResult)}";

    public sealed override bool TryGetResult([MaybeNullWhen(false)] out TResult result)
    {
        var succeeded = Stage == WorkStatus.Succeeded;
        result = succeeded ? _result : default;
        return succeeded;
    }

    public sealed override bool Cancel(string? reason = null) => Queue.Cancel(this, reason);

    internal sealed override bool CanReturn(WorkHandle live) => live is WorkHandle<TResult>;

    internal sealed override object CreateCompletionSource() => new TaskCompletionSource<TResult>(TaskCreationOptions.RunContinuationsAsynchronously);

    internal sealed override void SettleCompletion()
    {
        var completion = (TaskCompletionSource<TResult>)CompletionSource!;
        switch (Stage)
        {
            case WorkStatus.Succeeded:
                completion.TrySetResult(_result!);
                break;
            case WorkStatus.Cancelled:
                completion.TrySetCanceled(WorkOutcomes.TokenOf(this));
                break;
            default:
                completion.TrySetException(Failure!);
                WorkOutcomes.MarkObserved(completion.Task);
                break;
        }
    }

    /// <summary>Keeps the result of the user's task; without a state machine when it is there already.</summary>
    protected ValueTask KeepAsync(ValueTask<TResult> work)
    {
        if (!work.IsCompletedSuccessfully)
        {
            return AwaitAsync(work);
        }

#pragma warning disable VSTHRD103 // it has completed
        _result = work.Result;
#pragma warning restore VSTHRD103
        return default;
    }

    private async ValueTask AwaitAsync(ValueTask<TResult> work) => _result = await work;
}
