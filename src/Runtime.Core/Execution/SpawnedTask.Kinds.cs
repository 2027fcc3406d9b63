using System.Diagnostics.CodeAnalysis;

namespace Runtime.Core.Execution;

/// <summary>Spawned work without a result.</summary>
[SuppressMessage("Reliability", "CA2012:Use ValueTasks correctly", Justification = "Consumed once: by TakeResult, after its own completion")]
[SuppressMessage("Usage", "VSTHRD002:Avoid problematic synchronous waits", Justification = "Only called on what has completed")]
internal sealed class SpawnedAction(
    WorkDispatcher dispatcher, Func<CancellationToken, ValueTask> work, SpawnOptions options, CancellationToken cancellationToken)
    : SpawnedTask(dispatcher, options, cancellationToken)
{
    private readonly TaskCompletionSource _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ValueTask _pending;

    public Task Task => _completion.Task;

    protected override void Start()
    {
        try
        {
            _pending = work(Token);
            var awaiter = _pending.GetAwaiter();
            if (!awaiter.IsCompleted)
            {
                awaiter.UnsafeOnCompleted(OnCompleted); // through our context: settles on a worker, in line when the last leg ran there
                return;
            }
        }
        catch (Exception exception)
        {
            End(exception); // the delegate threw before it returned anything
            return;
        }

        Complete();
    }

    protected override void TakeResult() => _pending.GetAwaiter().GetResult();

    protected override void SetResult() => _completion.TrySetResult();

    protected override void SetCanceled(CancellationToken token) => _completion.TrySetCanceled(token);

    protected override void SetException(Exception exception) => _completion.TrySetException(exception);
}

/// <summary>Spawned work with a result.</summary>
[SuppressMessage("Reliability", "CA2012:Use ValueTasks correctly", Justification = "Consumed once: by TakeResult, after its own completion")]
[SuppressMessage("Usage", "VSTHRD002:Avoid problematic synchronous waits", Justification = "Only called on what has completed")]
internal sealed class SpawnedFunction<TResult>(
    WorkDispatcher dispatcher, Func<CancellationToken, ValueTask<TResult>> work, SpawnOptions options, CancellationToken cancellationToken)
    : SpawnedTask(dispatcher, options, cancellationToken)
{
    private readonly TaskCompletionSource<TResult> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ValueTask<TResult> _pending;
    private TResult? _result;

    public Task<TResult> Task => _completion.Task;

    protected override void Start()
    {
        try
        {
            _pending = work(Token);
            var awaiter = _pending.GetAwaiter();
            if (!awaiter.IsCompleted)
            {
                awaiter.UnsafeOnCompleted(OnCompleted);
                return;
            }
        }
        catch (Exception exception)
        {
            End(exception);
            return;
        }

        Complete();
    }

    protected override void TakeResult() => _result = _pending.GetAwaiter().GetResult();

    protected override void SetResult() => _completion.TrySetResult(_result!);

    protected override void SetCanceled(CancellationToken token) => _completion.TrySetCanceled(token);

    protected override void SetException(Exception exception) => _completion.TrySetException(exception);
}
