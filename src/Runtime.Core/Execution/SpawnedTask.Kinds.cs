using System.Diagnostics.CodeAnalysis;

namespace Runtime.Core.Execution;

/// <summary>Spawned work without a result.</summary>
[SuppressMessage("Reliability", "CA2012:Use ValueTasks correctly", Justification = "Consumed once: at once when it has completed, else by Pending")]
[SuppressMessage("Usage", "VSTHRD002:Avoid problematic synchronous waits", Justification = "Only called on what has completed")]
internal sealed class SpawnedAction(
    WorkDispatcher dispatcher, Func<CancellationToken, ValueTask> work, SpawnOptions options, CancellationToken cancellationToken)
    : SpawnedTask(dispatcher, options, cancellationToken)
{
    private readonly TaskCompletionSource _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task Task => _completion.Task;

    internal override Delegate Body => work;

    protected override void Start()
    {
        Exception? failure = null;
        try
        {
            var pending = work(Token);
            var awaiter = pending.GetAwaiter();
            if (!awaiter.IsCompleted)
            {
                awaiter.UnsafeOnCompleted(new Pending(this, pending).Complete); // through our context: settles on a worker, in line when the last leg ran there
                return;
            }

            awaiter.GetResult();
        }
        catch (Exception exception)
        {
            failure = exception; // also of a delegate that threw before it returned anything
        }

        End(failure);
    }

    protected override void SetResult() => _completion.TrySetResult();

    protected override void SetCanceled(CancellationToken token) => _completion.TrySetCanceled(token);

    protected override void SetException(Exception exception) => _completion.TrySetException(exception);

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
internal sealed class SpawnedFunction<TResult>(
    WorkDispatcher dispatcher, Func<CancellationToken, ValueTask<TResult>> work, SpawnOptions options, CancellationToken cancellationToken)
    : SpawnedTask(dispatcher, options, cancellationToken)
{
    private readonly TaskCompletionSource<TResult> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TResult? _result;

    public Task<TResult> Task => _completion.Task;

    internal override Delegate Body => work;

    protected override void Start()
    {
        Exception? failure = null;
        try
        {
            var pending = work(Token);
            var awaiter = pending.GetAwaiter();
            if (!awaiter.IsCompleted)
            {
                awaiter.UnsafeOnCompleted(new Pending(this, pending).Complete);
                return;
            }

            _result = awaiter.GetResult();
        }
        catch (Exception exception)
        {
            failure = exception;
        }

        End(failure);
    }

    protected override void SetResult() => _completion.TrySetResult(_result!);

    protected override void SetCanceled(CancellationToken token) => _completion.TrySetCanceled(token);

    protected override void SetException(Exception exception) => _completion.TrySetException(exception);

    private sealed class Pending(SpawnedFunction<TResult> owner, ValueTask<TResult> work)
    {
        public void Complete()
        {
            Exception? failure = null;
            try
            {
                owner._result = work.GetAwaiter().GetResult();
            }
            catch (Exception exception)
            {
                failure = exception;
            }

            owner.End(failure);
        }
    }
}
