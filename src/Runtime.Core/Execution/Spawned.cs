using System.Diagnostics.CodeAnalysis;
using Runtime.Core.Scheduling;

namespace Runtime.Core.Execution;

/// <summary>Spawned work on its way to a worker, and then until its end.</summary>
internal interface ISpawned : IRunnable
{
    /// <summary>Calls the delegate and either settles the task at once or sees to it that it is settled later.</summary>
    void Start();
}

// Asynchronous work: calls the delegate, waits for what it returns, settles the task. The work is the source of its own task, and a plain one is queued as
// it is: two objects in all, 104 bytes, of which the task takes 64. The delegate is called on the worker, so work that never suspends allocates no state
// machine. It ends exactly once. The two kinds cannot share a base, because their bases are the library's.
// Rejected: the box of an async method as the only object: no smaller, and up to twice the time when measured side by side.

/// <summary>Spawned work without a result.</summary>
[SuppressMessage("Reliability", "CA2012:Use ValueTasks correctly", Justification = "Consumed once: at once when it has completed, else by Pending")]
[SuppressMessage("Usage", "VSTHRD002:Avoid problematic synchronous waits", Justification = "Only called on what has completed")]
internal sealed class SpawnedAction(SpawnOrigin origin, Func<CancellationToken, ValueTask> work)
    : TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously), ISpawned
{
    string? IRunnable.Name => null;

    Delegate IRunnable.Body => work;

    void IRunnable.RunOn(Worker worker) => Start();

    void IRunnable.RunElsewhere() => Start();

    public void Start()
    {
        Exception? failure;
        var token = origin.Token;
        if (token.IsCancellationRequested)
        {
            failure = new OperationCanceledException(token); // cancelled before it started: the delegate is never called
        }
        else
        {
            try
            {
                var pending = work(token);
                var awaiter = pending.GetAwaiter();
                if (!awaiter.IsCompleted)
                {
                    awaiter.UnsafeOnCompleted(new Pending(this, pending).Complete); // through our context: settles on a worker, in line when the last leg ran there
                    return;
                }

                awaiter.GetResult();
                failure = null;
            }
            catch (Exception exception)
            {
                failure = exception; // also of a delegate that threw before it returned anything
            }
        }

        End(failure);
    }

    public bool TryCancelUnstarted()
    {
        End(new OperationCanceledException(origin.Token));
        return true;
    }

    private void End(Exception? failure)
    {
        switch (failure)
        {
            case null:
                origin.Finish(WorkOutcome.Succeeded);
                TrySetResult();
                break;
            case OperationCanceledException canceled:
                origin.Finish(WorkOutcome.Cancelled);
                TrySetCanceled(origin.TokenToTell(canceled.CancellationToken));
                break;
            default:
                origin.Finish(WorkOutcome.Failed);
                TrySetException(failure);
                break;
        }
    }

    // Work that has suspended: what it returned, until it completes.
    private sealed class Pending(SpawnedAction owner, ValueTask work)
    {
        public void Complete()
        {
            Exception? failure = null;
            try
            {
                work.GetAwaiter().GetResult();
            }
            catch (Exception exception)
            {
                failure = exception;
            }

            owner.End(failure);
        }
    }
}

/// <summary>Spawned work with a result.</summary>
[SuppressMessage("Reliability", "CA2012:Use ValueTasks correctly", Justification = "Consumed once: at once when it has completed, else by Pending")]
[SuppressMessage("Usage", "VSTHRD002:Avoid problematic synchronous waits", Justification = "Only called on what has completed")]
internal sealed class SpawnedFunction<TResult>(SpawnOrigin origin, Func<CancellationToken, ValueTask<TResult>> work)
    : TaskCompletionSource<TResult>(TaskCreationOptions.RunContinuationsAsynchronously), ISpawned
{
    string? IRunnable.Name => null;

    Delegate IRunnable.Body => work;

    void IRunnable.RunOn(Worker worker) => Start();

    void IRunnable.RunElsewhere() => Start();

    public void Start()
    {
        Exception? failure;
        TResult? result = default;
        var token = origin.Token;
        if (token.IsCancellationRequested)
        {
            failure = new OperationCanceledException(token);
        }
        else
        {
            try
            {
                var pending = work(token);
                var awaiter = pending.GetAwaiter();
                if (!awaiter.IsCompleted)
                {
                    awaiter.UnsafeOnCompleted(new Pending(this, pending).Complete);
                    return;
                }

                result = awaiter.GetResult();
                failure = null;
            }
            catch (Exception exception)
            {
                failure = exception;
            }
        }

        End(failure, result);
    }

    public bool TryCancelUnstarted()
    {
        End(new OperationCanceledException(origin.Token), default);
        return true;
    }

    private void End(Exception? failure, TResult? result)
    {
        switch (failure)
        {
            case null:
                origin.Finish(WorkOutcome.Succeeded);
                TrySetResult(result!);
                break;
            case OperationCanceledException canceled:
                origin.Finish(WorkOutcome.Cancelled);
                TrySetCanceled(origin.TokenToTell(canceled.CancellationToken));
                break;
            default:
                origin.Finish(WorkOutcome.Failed);
                TrySetException(failure);
                break;
        }
    }

    private sealed class Pending(SpawnedFunction<TResult> owner, ValueTask<TResult> work)
    {
        public void Complete()
        {
            Exception? failure = null;
            TResult? result = default;
            try
            {
                result = work.GetAwaiter().GetResult();
            }
            catch (Exception exception)
            {
                failure = exception;
            }

            owner.End(failure, result);
        }
    }
}
