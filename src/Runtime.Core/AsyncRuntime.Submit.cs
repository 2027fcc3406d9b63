using Runtime.Core.Execution;
using Runtime.Core.Lifecycle;
using Runtime.Core.Scheduling;

namespace Runtime.Core;

// How work gets in.
public sealed partial class AsyncRuntime
{
    /// <summary>Starts asynchronous work on a worker.</summary>
    /// <param name="work">The work. Its token is cancelled by <paramref name="cancellationToken"/> and, when a stop has drained long enough, by the runtime.</param>
    /// <param name="options">Priority, deadline and name.</param>
    /// <param name="cancellationToken">Cancels the work; before it has started, the delegate is never called.</param>
    /// <returns>A task that ends with the work: with its exception when it throws, cancelled when it ends with an <see cref="OperationCanceledException"/>.</returns>
    /// <remarks>The caller's <see cref="ExecutionContext"/> flows. Never runs any part of the work on the calling thread.</remarks>
    /// <exception cref="ArgumentNullException"><paramref name="work"/> is <see langword="null"/>.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The priority is not defined, or the deadline is negative.</exception>
    /// <exception cref="RuntimeNotRunningException">The runtime has not started or has begun to stop. Work that is draining may still spawn.</exception>
    public Task Spawn(Func<CancellationToken, ValueTask> work, SpawnOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(work);
        options = Validated(options);
        var worker = _dispatcher.Scheduler.CurrentWorker;
        var late = Accept(worker);
        var origin = OriginOf(options, late, cancellationToken);
        var item = new SpawnedAction(origin, work);
        Submit(origin, item, options.Priority, worker);
        return item.Task;
    }

    /// <summary>Starts asynchronous work with a result on a worker.</summary>
    /// <inheritdoc cref="Spawn(Func{CancellationToken, ValueTask}, SpawnOptions?, CancellationToken)"/>
    public Task<TResult> Spawn<TResult>(Func<CancellationToken, ValueTask<TResult>> work, SpawnOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(work);
        options = Validated(options);
        var worker = _dispatcher.Scheduler.CurrentWorker;
        var late = Accept(worker);
        var origin = OriginOf(options, late, cancellationToken);
        var item = new SpawnedFunction<TResult>(origin, work);
        Submit(origin, item, options.Priority, worker);
        return item.Task;
    }

    /// <summary>Runs a delegate on a worker and forgets it.</summary>
    /// <param name="action">The delegate. An exception that leaves it raises <see cref="UnhandledException"/>.</param>
    /// <exception cref="RuntimeNotRunningException">The runtime has not started or has begun to stop.</exception>
    public void Post(Action action)
    {
        ArgumentNullException.ThrowIfNull(action);
        var worker = _dispatcher.Scheduler.CurrentWorker;
        var late = Accept(worker);
        var context = _dispatcher.CaptureExecutionContext();
        if (worker is null && context is null && !late)
        {
            _dispatcher.Scheduler.SubmitPosted(action);
        }
        else
        {
            Post(worker, late, context, static action => action(), action);
        }
    }

    /// <summary>Runs a delegate on a worker, with a state that saves a closure, and forgets it.</summary>
    /// <param name="action">The delegate. An exception that leaves it raises <see cref="UnhandledException"/>.</param>
    /// <param name="state">What it is given.</param>
    /// <typeparam name="TState">The type of the state.</typeparam>
    /// <exception cref="RuntimeNotRunningException">The runtime has not started or has begun to stop.</exception>
    public void Post<TState>(Action<TState> action, TState state)
    {
        ArgumentNullException.ThrowIfNull(action);
        var worker = _dispatcher.Scheduler.CurrentWorker;
        Post(worker, Accept(worker), _dispatcher.CaptureExecutionContext(), action, state);
    }

    /// <summary>Runs an item of your own on a worker. Allocates nothing; the <see cref="ExecutionContext"/> does not flow.</summary>
    /// <param name="item">The item; it must not be queued already.</param>
    /// <exception cref="InvalidOperationException">The item is queued already.</exception>
    /// <exception cref="RuntimeNotRunningException">The runtime has not started or has begun to stop.</exception>
    public void Post(WorkItem item)
    {
        ArgumentNullException.ThrowIfNull(item);
        if (Interlocked.CompareExchange(ref item.Ledger, _dispatcher.Ledger, null) is not null)
        {
            throw QueuedAlready(item);
        }

        var worker = _dispatcher.Scheduler.CurrentWorker;
        try
        {
            item.Late = Accept(worker);
        }
        catch
        {
            Volatile.Write(ref item.Ledger, null);
            throw;
        }

        _dispatcher.Scheduler.Submit(item, worker);
    }

    /// <summary>Runs blocking code on a thread of a separate, growing pool, so that it holds no worker.</summary>
    /// <param name="action">The code.</param>
    /// <param name="cancellationToken">Keeps the code from starting; it does not interrupt it.</param>
    /// <returns>A task that ends with the code.</returns>
    /// <remarks>At most 512 calls run at once; more of them wait. The caller's <see cref="ExecutionContext"/> flows.</remarks>
    /// <exception cref="RuntimeNotRunningException">The runtime has not started or has begun to stop.</exception>
    public Task SpawnBlocking(Action action, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(action);
        return SpawnBlocking(
            () =>
            {
                action();
                return true;
            },
            cancellationToken);
    }

    /// <summary>Runs blocking code with a result on a thread of a separate, growing pool, so that it holds no worker.</summary>
    /// <inheritdoc cref="SpawnBlocking(Action, CancellationToken)"/>
    public Task<TResult> SpawnBlocking<TResult>(Func<TResult> function, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(function);
        var late = Accept(_dispatcher.Scheduler.CurrentWorker);
        var call = new BlockingCall<TResult>(_dispatcher.CaptureExecutionContext(), function, _dispatcher.Ledger, cancellationToken) { Late = late };
        try
        {
            if (!_dispatcher.Blocking.TrySubmit(call))
            {
                call.TryCancelUnstarted(); // the stop has closed the pool between the check and here
            }
        }
        catch
        {
            call.TryCancelUnstarted(); // the system has no thread left: the caller gets that exception, the ledger must not wait for the call
            throw;
        }

        return call.Task;
    }

    /// <summary>Queues an item with its priority and deadline set. Never refused: before the start and after the stop it goes to the ThreadPool.</summary>
    internal void Dispatch(WorkItem item) => _dispatcher.Dispatch(item);

    /// <summary>As <see cref="Dispatch"/>, but behind everything of its priority.</summary>
    internal void DispatchToBack(WorkItem item, WakeHint wake) => _dispatcher.DispatchToBack(item, wake);

    /// <summary>Makes a context whose posts come back to this runtime at this priority.</summary>
    internal RuntimeSynchronizationContext CreateContext(TaskPriority priority, long deadlineTicks, object? owner) =>
        new(_dispatcher, priority, deadlineTicks, owner);

    private void Post<TState>(Worker? worker, bool late, ExecutionContext? context, Action<TState> action, TState state)
    {
        var item = _dispatcher.Pool.Take<PostedAction<TState>>();
        item.Prepare(_dispatcher, context, action, state, late);
        _dispatcher.Scheduler.Submit(item, worker);
    }

    private static SpawnOptions Validated(SpawnOptions? options)
    {
        if (options is null)
        {
            return SpawnOptions.Default;
        }

        if (!Enum.IsDefined(options.Priority))
        {
            throw new ArgumentOutOfRangeException(
                nameof(options), options.Priority, $"{nameof(SpawnOptions.Priority)} must be one of {string.Join(", ", Enum.GetNames<TaskPriority>())}.");
        }

        if (options.Deadline < TimeSpan.Zero)
        {
            throw new ArgumentOutOfRangeException(
                nameof(options), options.Deadline, $"{nameof(SpawnOptions.Deadline)} must be zero or more; it is counted from the spawn on.");
        }

        return options;
    }

    private SpawnOrigin OriginOf(SpawnOptions options, bool late, CancellationToken cancellationToken)
    {
        var context = _dispatcher.CaptureExecutionContext();
        return context is null && !late && !cancellationToken.CanBeCanceled && options is { Deadline: null, Name: null }
            ? _dispatcher.PlainOrigin
            : new SpawnEnvelope(_dispatcher, context, options, late, cancellationToken);
    }

    private void Submit(SpawnOrigin origin, ISpawned work, TaskPriority priority, Worker? worker)
    {
        if (Runnable(origin, work) is SpawnEnvelope envelope)
        {
            _dispatcher.Scheduler.Submit(envelope, worker);
        }
        else
        {
            _dispatcher.Scheduler.SubmitPlain(work, priority, worker);
        }
    }

    // What is queued for spawned work: itself, or the envelope around it.
    private static IRunnable Runnable(SpawnOrigin origin, ISpawned work)
    {
        if (origin is not SpawnEnvelope envelope)
        {
            return work;
        }

        envelope.Enclose(work);
        return envelope;
    }

    private static InvalidOperationException QueuedAlready(WorkItem item) => new(
        $"This {item.GetType().Name} is queued already; one {nameof(WorkItem)} can be queued once at a time. Post it again from its Execute, or post another instance.");

    // Counts a unit of work as accepted, or throws. Returns whether it came from work that was draining.
    private bool Accept(Worker? worker)
    {
        _dispatcher.Ledger.Accept(worker); // before the state is read: of this and a stop, one sees the other
        return State != RuntimeState.Running && AcceptWhileNotRunning(worker, 1);
    }

    private bool AcceptWhileNotRunning(Worker? worker, int count)
    {
        var state = State;
        if (state == RuntimeState.Running)
        {
            return false; // it started just now
        }

        if (state == RuntimeState.ShuttingDown && Current == this && !_dispatcher.Ledger.IsCutOff)
        {
            _dispatcher.Ledger.MarkLate(count);
            return true;
        }

        _dispatcher.Ledger.Refuse(worker, count);
        throw new RuntimeNotRunningException(state);
    }
}
