using System.Diagnostics.CodeAnalysis;
using System.Threading.Tasks.Sources;

namespace Runtime.Core.Execution;

/// <summary>Awaited work without a result.</summary>
[SuppressMessage("Reliability", "CA2012:Use ValueTasks correctly", Justification = "Consumed once: at once when it has completed, else by Complete")]
[SuppressMessage("Usage", "VSTHRD002:Avoid problematic synchronous waits", Justification = "Only called on what has completed")]
internal sealed class RunAction<TState> : RunItem, IValueTaskSource
{
    private Func<TState, CancellationToken, ValueTask>? _work;
    private TState? _state;

    // What work that has suspended returned, until it completes.
    private ValueTask _pending;

    internal override Delegate? Body => _state as Func<CancellationToken, ValueTask> ?? (Delegate?)_work;

    public ValueTask Prepare(
        WorkDispatcher dispatcher, bool late, Func<TState, CancellationToken, ValueTask> work, TState state, SpawnOptions options, CancellationToken cancellationToken)
    {
        Prepare(dispatcher, late, options, cancellationToken);
        _work = work;
        _state = state;
        return new ValueTask(this, Open());
    }

    public void GetResult(short token)
    {
        Take(token);
        var pool = Pool;
        var failure = CleanRun();
        pool.Return(this);
        failure?.Throw();
    }

    protected override void Start()
    {
        Exception? failure = null;
        try
        {
            var pending = _work!(_state!, Token);
            var awaiter = pending.GetAwaiter();
            if (!awaiter.IsCompleted)
            {
                _pending = pending;
                awaiter.UnsafeOnCompleted(CompleteAction); // through our context: ends on a worker, in line when the last leg ran there
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

    protected override void Complete()
    {
        Exception? failure = null;
        try
        {
            _pending.GetAwaiter().GetResult();
        }
        catch (Exception exception)
        {
            failure = exception;
        }

        End(failure);
    }

    protected override void ForgetWork()
    {
        _work = null;
        _state = default;
        _pending = default;
    }
}

/// <summary>Awaited work with a result.</summary>
[SuppressMessage("Reliability", "CA2012:Use ValueTasks correctly", Justification = "Consumed once: at once when it has completed, else by Complete")]
[SuppressMessage("Usage", "VSTHRD002:Avoid problematic synchronous waits", Justification = "Only called on what has completed")]
internal sealed class RunFunction<TState, TResult> : RunItem, IValueTaskSource<TResult>
{
    private Func<TState, CancellationToken, ValueTask<TResult>>? _work;
    private TState? _state;
    private ValueTask<TResult> _pending;

    // Written before the settle, read after the take.
    private TResult? _result;

    internal override Delegate? Body => _state as Func<CancellationToken, ValueTask<TResult>> ?? (Delegate?)_work;

    public ValueTask<TResult> Prepare(
        WorkDispatcher dispatcher,
        bool late,
        Func<TState, CancellationToken, ValueTask<TResult>> work,
        TState state,
        SpawnOptions options,
        CancellationToken cancellationToken)
    {
        Prepare(dispatcher, late, options, cancellationToken);
        _work = work;
        _state = state;
        return new ValueTask<TResult>(this, Open());
    }

    public TResult GetResult(short token)
    {
        Take(token);
        var pool = Pool;
        var result = _result;
        _result = default;
        var failure = CleanRun();
        pool.Return(this);
        failure?.Throw();
        return result!;
    }

    protected override void Start()
    {
        Exception? failure = null;
        try
        {
            var pending = _work!(_state!, Token);
            var awaiter = pending.GetAwaiter();
            if (!awaiter.IsCompleted)
            {
                _pending = pending;
                awaiter.UnsafeOnCompleted(CompleteAction);
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

    protected override void Complete()
    {
        Exception? failure = null;
        try
        {
            _result = _pending.GetAwaiter().GetResult();
        }
        catch (Exception exception)
        {
            failure = exception;
        }

        End(failure);
    }

    protected override void ForgetWork()
    {
        _work = null;
        _state = default;
        _pending = default;
    }
}
