using System.Buffers;
using Runtime.Core.Execution;
using Runtime.Core.Lifecycle;
using Runtime.Core.Scheduling;

namespace Runtime.Core;

// How work gets in by the dozen: one look at the state, one claim in the queue, one wake, whatever the number.
public sealed partial class AsyncRuntime
{
    /// <summary>Runs items of your own on workers. All of them are accepted, or none. Allocates nothing; the <see cref="ExecutionContext"/> does not flow.</summary>
    /// <param name="items">The items, in the order in which they are to start; none may be queued already, or be in there twice.</param>
    /// <exception cref="ArgumentException">An item is <see langword="null"/>.</exception>
    /// <exception cref="InvalidOperationException">An item is queued already.</exception>
    /// <exception cref="RuntimeNotRunningException">The runtime has not started or has begun to stop.</exception>
    public void PostMany(params ReadOnlySpan<WorkItem> items)
    {
        var worker = _dispatcher.Scheduler.CurrentWorker;
        var late = AcceptMany(worker, items.Length);
        for (var i = 0; i < items.Length; i++)
        {
            if (items[i] is { } item && Interlocked.CompareExchange(ref item.Ledger, _dispatcher.Ledger, null) is null)
            {
                item.Late = late;
                continue;
            }

            GiveBack(items[..i], items.Length, late, worker);
            throw items[i] is null ? new ArgumentException($"Item {i} is null.", nameof(items)) : QueuedAlready(items[i]);
        }

        SubmitMany(items, TaskPriority.Normal, worker);
    }

    /// <summary>Runs a delegate on workers, once for each state, and forgets it. All are accepted, or none. Allocates nothing once the runtime is warm.</summary>
    /// <param name="action">The delegate. An exception that leaves it raises <see cref="UnhandledException"/>; the other calls go on.</param>
    /// <param name="states">What it is given, in the order in which the calls are to start.</param>
    /// <typeparam name="TState">The type of the states.</typeparam>
    /// <exception cref="RuntimeNotRunningException">The runtime has not started or has begun to stop.</exception>
    public void PostMany<TState>(Action<TState> action, ReadOnlySpan<TState> states)
    {
        ArgumentNullException.ThrowIfNull(action);
        var worker = _dispatcher.Scheduler.CurrentWorker;
        var late = AcceptMany(worker, states.Length);
        var context = _dispatcher.CaptureExecutionContext();
        var items = ArrayPool<WorkItem>.Shared.Rent(states.Length);
        for (var i = 0; i < states.Length; i++)
        {
            var item = _dispatcher.Pool.Take<PostedAction<TState>>();
            item.Prepare(_dispatcher, context, action, states[i], late);
            items[i] = item;
        }

        SubmitMany<WorkItem>(items.AsSpan(0, states.Length), TaskPriority.Normal, worker);
        ArrayPool<WorkItem>.Shared.Return(items, clearArray: true);
    }

    /// <summary>Starts asynchronous work on workers, once for each state. All are accepted, or none.</summary>
    /// <param name="work">The work. Its token is as in <see cref="Spawn(Func{CancellationToken, ValueTask}, SpawnOptions?, CancellationToken)"/>.</param>
    /// <param name="states">What it is given, in the order in which the calls are to start.</param>
    /// <param name="options">Priority, deadline and name of each.</param>
    /// <param name="cancellationToken">Cancels them; those that have not started never do.</param>
    /// <typeparam name="TState">The type of the states.</typeparam>
    /// <returns>A task for each, in the same order.</returns>
    /// <remarks>The caller's <see cref="ExecutionContext"/> flows.</remarks>
    /// <exception cref="ArgumentOutOfRangeException">The priority is not defined, or the deadline is negative.</exception>
    /// <exception cref="RuntimeNotRunningException">The runtime has not started or has begun to stop.</exception>
    public Task[] SpawnMany<TState>(
        Func<TState, CancellationToken, ValueTask> work, ReadOnlySpan<TState> states, SpawnOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(work);
        options = Validated(options);
        var worker = _dispatcher.Scheduler.CurrentWorker;
        var late = AcceptMany(worker, states.Length);
        var tasks = new Task[states.Length];
        var items = ArrayPool<IRunnable>.Shared.Rent(states.Length);
        for (var i = 0; i < states.Length; i++)
        {
            var state = states[i];
            var origin = OriginOf(options, late, cancellationToken);
            var item = new SpawnedAction(origin, token => work(state, token));
            items[i] = Runnable(origin, item);
            tasks[i] = item.Task;
        }

        SubmitMany<IRunnable>(items.AsSpan(0, states.Length), options.Priority, worker);
        ArrayPool<IRunnable>.Shared.Return(items, clearArray: true);
        return tasks;
    }

    // Prepared and accepted items of one priority and deadline.
    private void SubmitMany<TItem>(ReadOnlySpan<TItem> items, TaskPriority priority, Worker? worker)
        where TItem : class, IRunnable
    {
        if (items.IsEmpty)
        {
            return;
        }

        var entries = ArrayPool<QueueEntry>.Shared.Rent(items.Length);
        _dispatcher.Scheduler.SubmitMany(items, entries.AsSpan(0, items.Length), priority, worker);
        ArrayPool<QueueEntry>.Shared.Return(entries, clearArray: true);
    }

    // Counts units of work as accepted, or throws. Returns whether they came from work that was draining.
    private bool AcceptMany(Worker? worker, int count)
    {
        _dispatcher.Ledger.Accept(worker, count);
        return State != RuntimeState.Running && AcceptWhileNotRunning(worker, count);
    }

    // Takes an acceptance back, and the claims of the first items.
    private void GiveBack(ReadOnlySpan<WorkItem> claimed, int count, bool late, Worker? worker)
    {
        foreach (var item in claimed)
        {
            Volatile.Write(ref item.Ledger, null);
        }

        if (late)
        {
            _dispatcher.Ledger.MarkLate(-count);
        }

        _dispatcher.Ledger.Refuse(worker, count);
    }
}
