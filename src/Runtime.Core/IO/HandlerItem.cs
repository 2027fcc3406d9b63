namespace Runtime.Core.IO;

/// <summary>The handler of one kind of event: it waits in the slot as an await would, and is the work item that calls the handler.</summary>
/// <remarks>
/// The slot is reserved for as long as a handler is set, so that no await takes the place of a handler that is in its call. While the item is active it is in the slot, or in a queue, or in
/// its call: so one call at a time, and a handler that is set meanwhile is found when the call is over. Setting and waiting again exclude each other by the lock; events and the close do not
/// take it: they end the wait by the word of the slot.
/// </remarks>
internal sealed class HandlerItem : WorkItem, IReadyWaiter
{
    private readonly IoRegistration _registration;
    private readonly IoEvents _which;

    private readonly Lock _lock = new();

    // Written under the lock; read by the call. Not null: the slot is reserved.
    private volatile Action<IoRegistration, IoReadiness>? _handler;

    // Whether it is in the slot, in a queue or in its call. Under the lock.
    private bool _isActive;

    // What is to be told. Written by whoever ends the wait, before it queues this object.
    private IoReadiness _readiness;

    private ulong _waitWord;

    public HandlerItem(IoRegistration registration, IoEvents which)
    {
        _registration = registration;
        _which = which;
        Priority = which is IoEvents.Error or IoEvents.Timer ? TaskPriority.High : TaskPriority.Normal;
    }

    ulong IReadyWaiter.WaitWord
    {
        get => Volatile.Read(ref _waitWord);
        set => Volatile.Write(ref _waitWord, value);
    }

    internal override Delegate? Body => _handler;

    /// <summary>Sets who is called from now on; <see langword="null"/>: nobody, and the event is free for awaits.</summary>
    public void Set(Action<IoRegistration, IoReadiness>? handler)
    {
        lock (_lock)
        {
            if (handler is null)
            {
                Unset_NeedsLock();
                return;
            }

            if (_handler is null)
            {
                Reserve();
            }

            _handler = handler;
            if (!_isActive)
            {
                _isActive = true;
                Wait_NeedsLock();
            }
        }

        if (_registration.IsClosed)
        {
            throw EventLoop.Closed();
        }
    }

    void IReadyWaiter.OnReady(IoReadiness readiness)
    {
        _readiness = readiness;
        _registration.Loop.Host.Queue(this);
    }

    void IReadyWaiter.OnClosed()
    {
        // The slot is closed for good: nothing comes any more, and nobody else gets in.
    }

    protected override void Execute()
    {
        try
        {
            _handler?.Invoke(_registration, _readiness);
        }
        finally
        {
            WaitAgain();
        }
    }

    private void WaitAgain()
    {
        lock (_lock)
        {
            if (_handler is null)
            {
                _isActive = false;
            }
            else
            {
                Wait_NeedsLock();
            }
        }
    }

    private void Wait_NeedsLock()
    {
        if (_registration.TryWait(_which, this, out var readiness, out _, hasReserved: true) == WaitResult.Ready)
        {
            _readiness = readiness;
            _registration.Loop.Host.QueueYielded(this);
        }
    }

    private void Unset_NeedsLock()
    {
        if (_handler is null)
        {
            return;
        }

        _handler = null;
        ref var slot = ref _registration.SlotOf(_which);
        if (slot.TryWithdraw(_waitWord))
        {
            _isActive = false; // else it has been told, and becomes inactive when it has been called for nobody
        }

        slot.Release();
    }

    private void Reserve()
    {
        switch (_registration.SlotOf(_which).TryReserve())
        {
            case WaitResult.Closed:
                throw EventLoop.Closed();
            case WaitResult.Occupied:
                throw EventLoop.Occupied(_which);
        }
    }
}
