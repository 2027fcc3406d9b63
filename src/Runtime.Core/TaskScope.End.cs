using System.Diagnostics.CodeAnalysis;

namespace Runtime.Core;

// How a scope is cancelled, joined and closed.
public sealed partial class TaskScope
{
    // Cancelled once, by CancelFor. Never disposed: it owns no timer and no handle, and its token stays readable after the end.
    [SuppressMessage("Usage", "CA2213:Disposable fields should be disposed", Justification = "See above")]
    private readonly CancellationTokenSource _cancellation = new();

    // Completed when the scope has closed.
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    // All under the gate: failures in the order in which they happened, and the tasks that carry them.
    private readonly List<Exception> _failures = [];
    private readonly List<Task> _failed = [];

    // Why the scope was first cancelled, and the token that did it if one did. Under the gate.
    private EndReason _reason;
    private CancellationToken _cancelledBy;

    // Whether the cancellation has stopped anything: a child, or the body. Under the gate.
    private bool _interrupted;

    // Whether the scope is to close when nothing lives any more, and whether it has. Under the gate.
    private bool _closing;
    private bool _closed;

    // What may cancel it from outside, and its deadline. Written by the constructor.
    private CancellationTokenRegistration _onOutside;
    private CancellationTokenRegistration _onStopping;
    private CancellationTokenRegistration _onParent;
    private ITimer? _timer;

    private enum EndReason
    {
        None,
        Failure,
        Deadline,
        Outside,
        Owner,
    }

    /// <summary>Waits for all children, those that they still spawn included, and closes the scope.</summary>
    /// <returns>A task that ends when every child has ended, and with what the type's remarks say.</returns>
    /// <remarks>May be called again; the outcome is the same. Once no child is left nothing can be spawned any more.</remarks>
    /// <exception cref="TaskScopeException">Work failed.</exception>
    /// <exception cref="TimeoutException">The deadline has cancelled some of the work.</exception>
    /// <exception cref="OperationCanceledException">Some of the work has been cancelled from outside.</exception>
    public async Task JoinAsync()
    {
        await CloseAsync();
        foreach (var task in _failed)
        {
            _ = task.Exception; // reported by the next line: nobody needs to observe it again
        }

        if (Outcome() is { } outcome)
        {
            throw outcome;
        }
    }

    /// <summary>Cancels what still runs, waits for it, and closes the scope. After a join it does nothing.</summary>
    /// <returns>A task that ends when every child has ended.</returns>
    /// <remarks>Throws nothing: it must not hide the exception that is leaving the block. Failures are in <see cref="Failures"/> and on the children's tasks.</remarks>
    public ValueTask DisposeAsync()
    {
        CancelFor(EndReason.Owner, default);
        return new ValueTask(CloseAsync());
    }

    // The body of RunAsync has thrown. Its failure ends the scope in every mode: nobody is left to use what the children do.
    internal void OnBodyFailed(Exception exception)
    {
        lock (_gate)
        {
            if (exception is OperationCanceledException && _reason != EndReason.None)
            {
                _interrupted = true;
                return;
            }
        }

        Fail(exception, task: null, cancel: true);
    }

    private void Fail(Exception failure, Task? task, bool cancel)
    {
        lock (_gate)
        {
            _failures.Add(failure);
            if (task is not null)
            {
                _failed.Add(task);
            }
        }

        if (cancel)
        {
            CancelFor(EndReason.Failure, default);
        }
    }

    private void Watch(CancellationToken cancellationToken)
    {
        _onOutside = cancellationToken.UnsafeRegister(static (scope, token) => ((TaskScope)scope!).CancelFor(EndReason.Outside, token), this);
        _onStopping = _spawner.Stopping.UnsafeRegister(static (scope, token) => ((TaskScope)scope!).CancelFor(EndReason.Outside, token), this);
        if (_parent is not null)
        {
            _onParent = _parent.CancellationToken.UnsafeRegister(static (scope, token) => ((TaskScope)scope!).CancelFor(EndReason.Outside, token), this);
        }

        if (_options.Deadline == TimeSpan.Zero)
        {
            CancelFor(EndReason.Deadline, default);
        }
        else if (_options.Deadline is { } deadline && !CancellationToken.IsCancellationRequested)
        {
            _timer = TimeProvider.CreateTimer(static scope => ((TaskScope)scope!).CancelFor(EndReason.Deadline, default), this, deadline, Timeout.InfiniteTimeSpan);
        }
    }

    // The first reason counts; the others come too late to be one.
    private void CancelFor(EndReason reason, CancellationToken by)
    {
        lock (_gate)
        {
            if (_closed || _reason != EndReason.None)
            {
                return;
            }

            _reason = reason;
            _cancelledBy = by;
        }

        try
        {
            _cancellation.Cancel();
        }
        catch (AggregateException exception)
        {
            // From registrations on the token. They are the children's code, and the one who cancels is not to blame.
            lock (_gate)
            {
                _failures.AddRange(exception.InnerExceptions);
            }
        }

        CancelUnstarted();
    }

    private Task CloseAsync()
    {
        bool close;
        lock (_gate)
        {
            _closing = true;
            close = TryClose();
        }

        if (close)
        {
            Closed();
        }

        return _ended.Task;
    }

    // Under the gate. True for the one caller that is to call Closed.
    private bool TryClose()
    {
        if (!_closing || _closed || _live > 0)
        {
            return false;
        }

        return _closed = true;
    }

    private void Closed()
    {
        // Unregister and not Dispose: it must not wait for a cancellation that is under way, perhaps further up on this very stack.
        _onOutside.Unregister();
        _onStopping.Unregister();
        _onParent.Unregister();
        _timer?.Dispose();
        _ended.SetResult();
    }

    private void ThrowIfClosed()
    {
        lock (_gate)
        {
            if (_closed)
            {
                throw new InvalidOperationException(
                    $"There is nothing left of {Describe()}: it has been joined or disposed of, and all its children have ended. Spawn before the end of {nameof(JoinAsync)}, or open another scope.");
            }
        }
    }

    // What the scope has come to. After the end.
    private Exception? Outcome()
    {
        lock (_gate)
        {
            return this switch
            {
                { _failures.Count: > 0 } => new TaskScopeException(Describe(), _failures),
                { _interrupted: true, _reason: EndReason.Deadline } => new TimeoutException(
                    $"The deadline of {Describe()}, {_options.Deadline}, passed before its work had ended; the rest has been cancelled."),
                { _interrupted: true, _reason: EndReason.Outside } => new OperationCanceledException($"The work of {Describe()} has been cancelled from outside.", _cancelledBy),
                _ => null,
            };
        }
    }
}
