namespace Runtime.Core;

// The life of a child: counted, begun or cancelled, ended. A child is counted by exactly one Start and discounted by exactly one End; between them one
// party settles it: whoever takes it out of _unstarted, under the gate. The child's task is settled before the child is discounted, so when the scope ends all
// tasks of its children have. No user code and no spawner is called under the gate. Gates are taken from a nested scope towards the outer one.
public sealed partial class TaskScope
{
    // All under the gate. Children that nobody has begun to run, in order, so that a cancellation can settle them without waiting for a thread.
    private readonly LinkedList<TaskScopeChild> _unstarted = new();

    // Children that wait for their turn; only with a limit. Read no more once the scope is being cancelled, which settles them.
    private readonly Queue<TaskScopeChild> _waiting = new();

    // Children that have not ended, this scope's and those of nested scopes that have any; of this scope's, those that hold one of the places of the limit.
    private int _live;
    private int _places;

    /// <summary>Takes the right to settle a child that has not begun. False when it has been settled, or has begun.</summary>
    internal bool TryBegin(TaskScopeChild child)
    {
        lock (_gate)
        {
            if (child.Unstarted.List is null)
            {
                return false;
            }

            _unstarted.Remove(child.Unstarted);
            return true;
        }
    }

    /// <summary>A child has failed; its task has not been settled yet.</summary>
    internal void OnFailed(Exception failure, Task task, bool endsScope) =>
        Fail(failure, task, cancel: endsScope || _options.FailureMode == TaskScopeFailureMode.FailFast);

    /// <summary>A child has ended, and its task is settled.</summary>
    internal void End(TaskScopeChild child, bool cancelled)
    {
        TaskScopeChild? next;
        bool leaveParent;
        bool close;
        lock (_gate)
        {
            _interrupted |= cancelled && _reason != EndReason.None;
            _places -= child.HasPlace ? 1 : 0;
            next = NextWaiting();
            leaveParent = --_live == 0 && _parent is not null;
            close = TryClose();
        }

        if (next is not null)
        {
            SubmitWaiting(next);
        }

        if (leaveParent)
        {
            _parent!.LeaveNested();
        }

        if (close)
        {
            Closed();
        }
    }

    private void Start(TaskScopeChild child)
    {
        bool submit;
        lock (_gate)
        {
            ThrowIfClosed();
            Enter();
            _unstarted.AddLast(child.Unstarted);
            submit = child.HasPlace = _options.MaxConcurrency == 0 || _places < _options.MaxConcurrency;
            if (submit)
            {
                _places++;
            }
            else
            {
                child.Context = ExecutionContext.Capture();
                _waiting.Enqueue(child);
            }
        }

        // Pairs with CancelNow, which cancels the token before it looks for unstarted children: of this and that, one sees the other.
        if (CancellationToken.IsCancellationRequested)
        {
            CancelUnstarted();
            return;
        }

        if (submit)
        {
            try
            {
                child.Submit(_spawner);
            }
            catch (Exception)
            {
                if (!TryBegin(child))
                {
                    return; // cancelled meanwhile, and settled
                }

                child.Withdraw();
                End(child, cancelled: false);
                throw;
            }
        }
    }

    // Counts a child, under the gate. The first one is counted in the scope around this one too, which so waits for all of them.
    private void Enter()
    {
        if (_live == 0)
        {
            _parent?.EnterNested();
        }

        _live++;
    }

    private void EnterNested()
    {
        lock (_gate)
        {
            ThrowIfClosed();
            Enter();
        }
    }

    private void LeaveNested()
    {
        bool leaveParent;
        bool close;
        lock (_gate)
        {
            leaveParent = --_live == 0 && _parent is not null;
            close = TryClose();
        }

        if (leaveParent)
        {
            _parent!.LeaveNested();
        }

        if (close)
        {
            Closed();
        }
    }

    // The next child whose turn it is, with its place taken. None in a scope that is being cancelled: that settles them all. Under the gate.
    private TaskScopeChild? NextWaiting()
    {
        if (_reason != EndReason.None || _places >= _options.MaxConcurrency || !_waiting.TryDequeue(out var next))
        {
            return null;
        }

        next.HasPlace = true;
        _places++;
        return next;
    }

    // On the thread of the child that made room. A spawner that refuses is that child's failure, whoever spawned it has gone on; and as it would refuse
    // the others that wait as well, it ends the scope in every mode.
    private void SubmitWaiting(TaskScopeChild child)
    {
        try
        {
            if (child.Context is null)
            {
                child.Submit(_spawner);
            }
            else
            {
                ExecutionContext.Run(child.Context, static state => ((TaskScopeChild)state!).SubmitToScope(), child);
            }
        }
        catch (Exception exception)
        {
            if (TryBegin(child))
            {
                child.Fail(exception, endsScope: true);
            }
        }
    }

    /// <summary>Submits a waiting child; called in the context in which it was spawned.</summary>
    internal void SubmitNow(TaskScopeChild child) => child.Submit(_spawner);

    private void CancelUnstarted()
    {
        while (true)
        {
            TaskScopeChild child;
            lock (_gate)
            {
                if (_unstarted.First is not { } first)
                {
                    return;
                }

                _unstarted.RemoveFirst();
                child = first.Value;
            }

            child.CancelUnstarted();
        }
    }
}
