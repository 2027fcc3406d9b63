namespace Runtime.Core;

/// <summary>A child of a <see cref="TaskScope"/>: runs its work and settles its task.</summary>
/// <remarks>
/// It has a task of its own and does not hand out the spawner's: it may have to wait for its turn before it is spawned, and its task has to end before the
/// scope does. To the spawner the child ends as it really did, so that the runtime's figures are right.
/// </remarks>
internal abstract class TaskScopeChild
{
    private readonly TaskScope _scope;
    private readonly SpawnOptions? _options;

    // The scope's and the caller's tokens joined, when the caller gave one.
    private readonly CancellationTokenSource? _linked;

    // The spawner's task for this child, and whether it is going to carry a failure. Each is written, then the other one is looked at: whoever comes second
    // observes that failure, which the child's own task carries already.
    private volatile Task? _spawned;
    private volatile bool _hasFailed;

    protected TaskScopeChild(TaskScope scope, SpawnOptions? options, CancellationToken cancellationToken)
    {
        _scope = scope;
        _options = options;
        _linked = cancellationToken.CanBeCanceled ? CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, scope.CancellationToken) : null;
        Token = _linked?.Token ?? scope.CancellationToken;
        Unstarted = new LinkedListNode<TaskScopeChild>(this);
    }

    /// <summary>Its place among the children that have not begun; out of the list once somebody has taken the right to settle it. Under the scope's gate.</summary>
    public LinkedListNode<TaskScopeChild> Unstarted { get; }

    /// <summary>Whether it holds one of the places of the limit. Under the scope's gate.</summary>
    public bool HasPlace { get; set; }

    /// <summary>Where it was spawned, when it had to wait for its turn: it must not run in the context of the sibling that made room.</summary>
    public ExecutionContext? Context { get; set; }

    protected CancellationToken Token { get; }

    protected abstract Task Completion { get; }

    /// <summary>Hands the child to the spawner. Throws what that throws.</summary>
    public void Submit(ITaskSpawner spawner)
    {
        // No token: the child decides itself what a cancellation before its start means.
        _spawned = spawner.Spawn(RunAsync, _options, CancellationToken.None);
        if (_hasFailed)
        {
            ObserveFailure();
        }
    }

    public void SubmitToScope() => _scope.SubmitNow(this);

    /// <summary>Ends the child as cancelled. The caller has taken it out of the unstarted.</summary>
    public void CancelUnstarted()
    {
        Withdraw();
        _scope.End(this, cancelled: true);
    }

    /// <summary>Settles the task of a child that was never spawned. The caller has taken it out of the unstarted, and counts its end.</summary>
    public void Withdraw()
    {
        SetCanceled(Token.IsCancellationRequested ? Token : new CancellationToken(canceled: true));
        _linked?.Dispose();
    }

    /// <summary>Ends the child as failed.</summary>
    public void Fail(Exception exception, bool endsScope)
    {
        _scope.OnFailed(exception, Completion, endsScope);
        SetException(exception);
        _linked?.Dispose();
        _scope.End(this, cancelled: false);
    }

    protected abstract ValueTask CallAsync(CancellationToken cancellationToken);

    protected abstract void SetResult();

    protected abstract void SetCanceled(CancellationToken token);

    protected abstract void SetException(Exception exception);

    private ValueTask RunAsync(CancellationToken stopping)
    {
        if (!_scope.TryBegin(this))
        {
            return ValueTask.FromCanceled(new CancellationToken(canceled: true)); // cancelled before its turn, and settled
        }

        if (Token.IsCancellationRequested)
        {
            CancelUnstarted();
            return ValueTask.FromCanceled(Token);
        }

        return RunBegunAsync();
    }

    private async ValueTask RunBegunAsync()
    {
        try
        {
            await CallAsync(Token);
        }
        catch (OperationCanceledException) when (Token.IsCancellationRequested)
        {
            SetCanceled(Token);
            _linked?.Dispose();
            _scope.End(this, cancelled: true);
            throw;
        }
        catch (Exception exception)
        {
            _hasFailed = true;
            if (_spawned is not null)
            {
                ObserveFailure();
            }

            Fail(exception, endsScope: false);
            throw;
        }

        SetResult();
        _linked?.Dispose();
        _scope.End(this, cancelled: false);
    }

    private void ObserveFailure() =>
        _ = _spawned!.ContinueWith(
            static task => task.Exception,
            CancellationToken.None,
            TaskContinuationOptions.ExecuteSynchronously | TaskContinuationOptions.OnlyOnFaulted,
            TaskScheduler.Default);
}

/// <summary>A child without a result.</summary>
internal sealed class TaskScopeAction(TaskScope scope, Func<CancellationToken, ValueTask> work, SpawnOptions? options, CancellationToken cancellationToken)
    : TaskScopeChild(scope, options, cancellationToken)
{
    private readonly TaskCompletionSource _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task Task => _completion.Task;

    protected override Task Completion => _completion.Task;

    protected override ValueTask CallAsync(CancellationToken cancellationToken) => work(cancellationToken);

    protected override void SetResult() => _completion.SetResult();

    protected override void SetCanceled(CancellationToken token) => _completion.SetCanceled(token);

    protected override void SetException(Exception exception) => _completion.SetException(exception);
}

/// <summary>A child with a result.</summary>
internal sealed class TaskScopeFunction<TResult>(TaskScope scope, Func<CancellationToken, ValueTask<TResult>> work, SpawnOptions? options, CancellationToken cancellationToken)
    : TaskScopeChild(scope, options, cancellationToken)
{
    private readonly TaskCompletionSource<TResult> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TResult? _result;

    public Task<TResult> Task => _completion.Task;

    protected override Task Completion => _completion.Task;

    protected override async ValueTask CallAsync(CancellationToken cancellationToken) => _result = await work(cancellationToken);

    protected override void SetResult() => _completion.SetResult(_result!);

    protected override void SetCanceled(CancellationToken token) => _completion.SetCanceled(token);

    protected override void SetException(Exception exception) => _completion.SetException(exception);
}
