using Runtime.Core.Concurrency;

namespace Runtime.Core.IO;

/// <summary>The handler of one kind of event: it waits in the slot as an await would, and is the work item that calls the handler.</summary>
/// <remarks>
/// While it is active it is in the slot, or in a queue, or in its call: so one call at a time. Whoever sets a handler writes it, then asks whether the item is active; the item that finds
/// no handler becomes inactive, then asks again. Both by interlocked operations, so one of them sees the other.
/// </remarks>
internal sealed class HandlerItem : WorkItem, IReadyWaiter
{
    private readonly IoRegistration _registration;
    private readonly IoEvents _which;

    // Written by Set, under the loop's lock for handlers; read by the item.
    private volatile Action<IoRegistration, IoReadiness>? _handler;

    // 1 while it is in the slot, in a queue or in its call.
    private AtomicInt32 _active;

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

    /// <summary>Sets who is called from now on; <see langword="null"/>: nobody, and the event is free for awaits. One caller at a time.</summary>
    public void Set(Action<IoRegistration, IoReadiness>? handler)
    {
        _handler = handler;
        if (handler is null)
        {
            Withdraw();
        }
        else if (_active.Exchange(1) == 0)
        {
            switch (TryWait())
            {
                case WaitResult.Closed:
                    throw EventLoop.Closed();
                case WaitResult.Occupied:
                    throw EventLoop.Occupied(_which);
            }
        }
    }

    void IReadyWaiter.OnReady(IoReadiness readiness)
    {
        _readiness = readiness;
        _registration.Loop.Host.Queue(this);
    }

    void IReadyWaiter.OnClosed() => _active.Exchange(0);

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
        while (_handler is null)
        {
            _active.Exchange(0);
            if (_handler is null || _active.Exchange(1) != 0)
            {
                return; // whoever has set one meanwhile has begun to wait, or this is the end
            }
        }

        TryWait();
    }

    private WaitResult TryWait()
    {
        var result = _registration.TryWait(_which, this, out var readiness, out _);
        switch (result)
        {
            case WaitResult.Waits:
                if (_handler is null)
                {
                    Withdraw(); // taken away before the wait could be seen
                }

                break;
            case WaitResult.Ready:
                _readiness = readiness;
                _registration.Loop.Host.QueueYielded(this);
                break;
            default:
                _active.Exchange(0);
                break;
        }

        return result;
    }

    private void Withdraw()
    {
        if (_registration.SlotOf(_which).TryWithdraw(_waitWord))
        {
            WaitAgain(); // with no handler it becomes inactive; with one that was set meanwhile it waits for that
        }
    }
}
