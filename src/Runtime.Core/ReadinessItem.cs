using System.Threading.Tasks.Sources;
using Runtime.Core.Concurrency;
using Runtime.Core.Execution;
using Runtime.Core.IO;

namespace Runtime.Core;

/// <summary>A wait for an event that is awaited: ends when it happens, when its token is cancelled or when the registration is closed, whichever is first.</summary>
internal sealed class ReadinessItem : AwaitableItem, IReadyWaiter, IValueTaskSource<IoReadiness>
{
    private ItemPool? _pool;
    private IoRegistration? _registration;
    private IoEvents _which;
    private CancellationToken _token;

    // Set before the value task is handed out, so before anybody can take the outcome.
    private CancellationTokenRegistration _cancellation;

    // The result. Written by whoever settles, before it does.
    private IoReadiness _readiness;

    private ulong _waitWord;

    ulong IReadyWaiter.WaitWord
    {
        get => Volatile.Read(ref _waitWord);
        set => Volatile.Write(ref _waitWord, value);
    }

    /// <summary>Begins.</summary>
    /// <exception cref="InvalidOperationException">Somebody waits for this already.</exception>
    public ValueTask<IoReadiness> Start(ItemPool pool, IoRegistration registration, IoEvents which, CancellationToken token)
    {
        _pool = pool;
        _registration = registration;
        _which = which;
        _token = token;
        var version = Open();
        switch (registration.TryWait(which, this, out var readiness, out _))
        {
            case WaitResult.Ready:
                ((IReadyWaiter)this).OnReady(readiness); // whoever awaits it gives way first when its budget is spent
                break;
            case WaitResult.Closed:
                ((IReadyWaiter)this).OnClosed();
                break;
            case WaitResult.Occupied:
                TrySettle(AwaitOutcome.Failed); // so that whoever comes late, with an earlier use in mind, loses
                throw EventLoop.Occupied(which);
            default:
                if (token.CanBeCanceled)
                {
                    _cancellation = token.UnsafeRegister(static self => ((ReadinessItem)self!).Cancel(), this);
                }

                break;
        }

        return new ValueTask<IoReadiness>(this, version);
    }

    public IoReadiness GetResult(short token)
    {
        var outcome = Take(token);
        var (readiness, cancellation) = (_readiness, _token);

        // A callback that could not be unregistered has run or still does: then nobody else may have this object.
        if (!cancellation.CanBeCanceled || _cancellation == default || _cancellation.Unregister())
        {
            Recycle();
        }

        return outcome switch
        {
            AwaitOutcome.Cancelled => throw new TaskCanceledException(message: null, innerException: null, cancellation),
            AwaitOutcome.Failed => throw EventLoop.Closed(),
            _ => readiness,
        };
    }

    void IReadyWaiter.OnReady(IoReadiness readiness)
    {
        _readiness = readiness;
        TrySettle(AwaitOutcome.Succeeded);
    }

    void IReadyWaiter.OnClosed() => TrySettle(AwaitOutcome.Failed);

    // On the canceller's thread. Out of the slot first: whoever is told of the cancellation may wait anew at once.
    private void Cancel()
    {
        if (_registration!.SlotOf(_which).TryWithdraw(_waitWord))
        {
            TrySettle(AwaitOutcome.Cancelled);
        }
    }

    private void Recycle()
    {
        Clean();
        var pool = _pool!;
        _pool = null;
        _registration = null;
        _token = default;
        _cancellation = default;
        _readiness = default;
        _waitWord = 0;
        pool.Return(this);
    }
}
