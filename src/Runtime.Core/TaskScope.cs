namespace Runtime.Core;

/// <summary>A scope that concurrent work cannot leave: it ends when all of its children have ended, and their failures come out of it.</summary>
/// <remarks>
/// <para>
/// <see cref="RunAsync(ITaskSpawner, Func{TaskScope, CancellationToken, ValueTask}, TaskScopeOptions?, CancellationToken)"/> is the form that cannot be misused. With
/// <c>await using</c>, end the block with <see cref="JoinAsync"/>: leaving it without cancels what still runs, waits for it, and throws nothing.
/// </para>
/// <para>
/// One rule for how a scope ends, for <see cref="JoinAsync"/> and <c>RunAsync</c> alike. Every failure, that of the body included: <see cref="TaskScopeException"/>,
/// the first failure first. No failure, but something was cancelled by the deadline: <see cref="TimeoutException"/>; from outside:
/// <see cref="OperationCanceledException"/>; by <see cref="Cancel"/>: nothing is thrown. What the work really did counts: a cancellation that came
/// too late to stop anything is none.
/// </para>
/// <para>
/// An <see cref="OperationCanceledException"/> of a child is its end as cancelled if the scope, or the child's own token, has been cancelled; otherwise it is
/// a failure like any other, a time-out of an HTTP call for instance. A scope that is cancelled still takes children; they end as cancelled without having started.
/// </para>
/// <para>
/// A scope opened on another one is nested in it: it inherits cancellation and deadline, and its children count as the outer scope's too, which
/// waits for them. Its failures are its own: they come out of its own join, into the code that opened it.
/// </para>
/// <para>
/// Thread safe. Children may spawn siblings, also while the scope is being joined or cancelled. A child must not join its own scope: it would wait for itself.
/// Cancelling runs the registrations of the token where the cancellation comes from: on the thread of the failing child, of the timer, of the caller.
/// Models: Trio's nursery, Kotlin's <c>coroutineScope</c> and <c>supervisorScope</c>, Java's <c>StructuredTaskScope</c> (JEP 505), Swift's task group.
/// </para>
/// </remarks>
public sealed partial class TaskScope : ITaskSpawner, IAsyncDisposable
{
    private const long LongestDeadline = 0xFFFF_FFFE;

    private readonly Lock _gate = new();

    // What children run on; never a scope. The scope around this one, if any.
    private readonly ITaskSpawner _spawner;
    private readonly TaskScope? _parent;
    private readonly TaskScopeOptions _options;

    // When it was opened, on the spawner's clock.
    private readonly long _opened;

    private TaskScope(ITaskSpawner spawner, TaskScopeOptions options, CancellationToken cancellationToken)
    {
        _parent = spawner as TaskScope;
        _spawner = _parent?._spawner ?? spawner;
        _options = options;
        _opened = TimeProvider.GetTimestamp();
        _parent?.ThrowIfClosed();
        Watch(cancellationToken);
    }

    /// <summary>Gets the name that the options gave it.</summary>
    public string? Name => _options.Name;

    /// <summary>Gets the token that its children get, cancelled by a failure, the deadline, <see cref="Cancel"/>, the scope around it, the token it was opened with, and the stop of what it runs on.</summary>
    public CancellationToken CancellationToken => _cancellation.Token;

    /// <summary>Gets the clock of what the scope was opened on.</summary>
    public TimeProvider TimeProvider => _spawner.TimeProvider;

    /// <summary>Gets the time to the deadline, or to that of a scope around it when that is earlier; <see langword="null"/> when there is none, never below zero.</summary>
    public TimeSpan? Remaining
    {
        get
        {
            var outer = _parent?.Remaining;
            if (_options.Deadline is not { } deadline)
            {
                return outer;
            }

            var own = deadline - TimeProvider.GetElapsedTime(_opened);
            own = own < TimeSpan.Zero ? TimeSpan.Zero : own;
            return outer < own ? outer : own;
        }
    }

    /// <summary>Gets the failures so far, the first one first. For looking at after a dispose that was no join; <see cref="JoinAsync"/> throws them.</summary>
    public IReadOnlyList<Exception> Failures
    {
        get
        {
            lock (_gate)
            {
                return [.. _failures];
            }
        }
    }

    CancellationToken ITaskSpawner.Stopping => CancellationToken;

    /// <summary>Opens a scope. Dispose of it; prefer <c>RunAsync</c>.</summary>
    /// <param name="spawner">What its children run on: a runtime, an executor, or the scope that it is to be nested in.</param>
    /// <param name="options">Name, deadline, failure mode, limit.</param>
    /// <param name="cancellationToken">Cancels the scope.</param>
    /// <returns>The scope.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="spawner"/> is <see langword="null"/>.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A setting is out of its range.</exception>
    /// <exception cref="InvalidOperationException">The scope around it has ended.</exception>
    public static TaskScope Open(ITaskSpawner spawner, TaskScopeOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(spawner);
        return new TaskScope(spawner, Validated(options), cancellationToken);
    }

    /// <summary>Starts a child.</summary>
    /// <param name="work">The child. Its token is the scope's, joined with <paramref name="cancellationToken"/>.</param>
    /// <param name="options">How it is scheduled.</param>
    /// <param name="cancellationToken">Cancels this child alone, which is no failure.</param>
    /// <returns>A task that ends with the child, before the scope does. It need not be awaited: the scope waits for it and reports its failure.</returns>
    /// <remarks>May be called by anyone until the scope has ended. In a cancelled scope the task is cancelled and the delegate is not called.</remarks>
    /// <exception cref="ArgumentNullException"><paramref name="work"/> is <see langword="null"/>.</exception>
    /// <exception cref="InvalidOperationException">The scope has ended, or the runtime refuses work (<see cref="RuntimeNotRunningException"/>).</exception>
    public Task Spawn(Func<CancellationToken, ValueTask> work, SpawnOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(work);
        var child = new TaskScopeAction(this, work, options, cancellationToken);
        Start(child);
        return child.Task;
    }

    /// <summary>Starts a child with a result.</summary>
    /// <typeparam name="TResult">The type of the result.</typeparam>
    /// <inheritdoc cref="Spawn(Func{CancellationToken, ValueTask}, SpawnOptions?, CancellationToken)"/>
    public Task<TResult> Spawn<TResult>(Func<CancellationToken, ValueTask<TResult>> work, SpawnOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(work);
        var child = new TaskScopeFunction<TResult>(this, work, options, cancellationToken);
        Start(child);
        return child.Task;
    }

    /// <summary>Cancels all children, e.g. because their results are not needed any more. That is no failure: the join that follows throws nothing on its account.</summary>
    public void Cancel() => CancelFor(EndReason.Owner, default);

    private static TaskScopeOptions Validated(TaskScopeOptions? options)
    {
        if (options is null)
        {
            return TaskScopeOptions.Default;
        }

        if (options.Deadline is { } deadline && (deadline < TimeSpan.Zero || deadline.TotalMilliseconds > LongestDeadline))
        {
            throw new ArgumentOutOfRangeException(
                nameof(options), deadline, $"{nameof(TaskScopeOptions.Deadline)} must be from zero to {LongestDeadline} ms; it is counted from the opening on. Leave it out for none.");
        }

        if (!Enum.IsDefined(options.FailureMode))
        {
            throw new ArgumentOutOfRangeException(
                nameof(options), options.FailureMode, $"{nameof(TaskScopeOptions.FailureMode)} must be one of {string.Join(", ", Enum.GetNames<TaskScopeFailureMode>())}.");
        }

        if (options.MaxConcurrency < 0)
        {
            throw new ArgumentOutOfRangeException(
                nameof(options), options.MaxConcurrency, $"{nameof(TaskScopeOptions.MaxConcurrency)} must be zero or more; zero is no limit.");
        }

        return options;
    }

    private string Describe() => Name is null ? "the scope" : $"the scope '{Name}'";
}
