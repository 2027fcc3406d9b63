using System.Net.Sockets;
using System.Threading.Tasks.Sources;
using Runtime.Core.Concurrency;
using Runtime.Core.Execution;
using Runtime.Core.IO;

namespace Runtime.Core;

/// <summary>A receive or a send that has to wait, and is awaited: queued when it can be done, done by the worker that takes it, which then goes on with the awaiter at once.</summary>
/// <remarks>
/// So the bytes are in the cache of the processor that needs them, and the thread that polls does nothing but poll. The item is in the slot, or in a queue, or being run, one after
/// another; only cancellation comes from the side, and that takes it out of the slot or does nothing. Whoever waits in the slot looks at the token afterwards, in case it came too early.
/// </remarks>
internal sealed class TransferItem : AwaitableItem, IReadyWaiter, IValueTaskSource<int>, IValueTaskSource
{
    private WorkDispatcher? _dispatcher;
    private RuntimeSocket? _socket;
    private TransferKind _kind;
    private Memory<byte> _buffer;
    private CancellationToken _token;
    private CancellationTokenRegistration _cancellation;

    // The result. Written by whoever settles, before it does.
    private int _done;
    private SocketError _error;

    private ulong _waitWord;

    ulong IReadyWaiter.WaitWord
    {
        get => Volatile.Read(ref _waitWord);
        set => Volatile.Write(ref _waitWord, value);
    }

    protected override string WorkName => _kind == TransferKind.Receive ? "a receive" : "a send";

    private IoEvents Which => _kind == TransferKind.Receive ? IoEvents.Readable : IoEvents.Writable;

    /// <summary>Begins.</summary>
    /// <returns>The token of its value task.</returns>
    /// <exception cref="InvalidOperationException">Another one is under way.</exception>
    public short Start(WorkDispatcher dispatcher, RuntimeSocket socket, TransferKind kind, Memory<byte> buffer, int done, CancellationToken token)
    {
        _dispatcher = dispatcher;
        _socket = socket;
        _kind = kind;
        _buffer = buffer;
        _done = done;
        _token = token;
        if (RuntimeSynchronizationContext.Current is { } home && home.Dispatcher == dispatcher)
        {
            Priority = home.Priority; // the awaiter's, most likely: it has not come yet
            DeadlineTicks = home.DeadlineTicks;
        }

        var version = Open();
        if (socket.Registration.SlotOf(Which).IsBusy)
        {
            TrySettle(AwaitOutcome.Failed);
            throw EventLoop.Occupied(Which);
        }

        // Before the wait: afterwards this object may be queued, run, and someone else's at any moment.
        if (token.CanBeCanceled)
        {
            _cancellation = token.UnsafeRegister(static self => ((TransferItem)self!).Cancel(), this);
        }

        AwaitReadiness(isOnWorker: false);
        return version;
    }

    int IValueTaskSource<int>.GetResult(short token) => End(token);

    void IValueTaskSource.GetResult(short token) => End(token);

    void IReadyWaiter.OnReady(IoReadiness readiness) => _dispatcher!.DispatchWoken(this);

    void IReadyWaiter.OnClosed()
    {
        _error = SocketError.OperationAborted;
        TrySettle(AwaitOutcome.Failed);
    }

    protected override void Begin()
    {
        if (_token.IsCancellationRequested)
        {
            SettleHere(AwaitOutcome.Cancelled);
        }
        else if (TryTransfer(out var outcome))
        {
            SettleHere(outcome);
        }
        else
        {
            AwaitReadiness(isOnWorker: true);
        }
    }

    private int End(short token)
    {
        var outcome = Take(token);
        var (done, cancellation, socket, error) = (_done, _token, _socket!, _error);
        if (!cancellation.CanBeCanceled || _cancellation.Unregister())
        {
            Recycle();
        }

        return outcome switch
        {
            AwaitOutcome.Cancelled => throw new TaskCanceledException(message: null, innerException: null, cancellation),
            AwaitOutcome.Failed => throw socket.ExceptionOf(error),
            _ => done,
        };
    }

    // The last touch of whoever calls it: when it waits, or has settled, it belongs to others.
    private void AwaitReadiness(bool isOnWorker)
    {
        var (socket, which, token) = (_socket!, Which, _token);
        while (true)
        {
            AwaitOutcome outcome;
            switch (socket.Registration.TryWait(which, this, out _, out var word))
            {
                case WaitResult.Waits:
                    // Its callback may have come before the wait. This object may be someone else's by now; the word is of this wait alone.
                    if (token.IsCancellationRequested && socket.Registration.SlotOf(which).TryWithdraw(word))
                    {
                        TrySettle(AwaitOutcome.Cancelled);
                    }

                    return;
                case WaitResult.Ready:
                    if (!TryTransfer(out outcome))
                    {
                        continue;
                    }

                    break;
                default:
                    _error = SocketError.OperationAborted; // closed; or, against the rules, another one has come in between
                    outcome = AwaitOutcome.Failed;
                    break;
            }

            if (isOnWorker)
            {
                SettleHere(outcome);
            }
            else
            {
                TrySettle(outcome);
            }

            return;
        }
    }

    private bool TryTransfer(out AwaitOutcome outcome)
    {
        var isOver = _socket!.TryTransfer(_kind, _buffer, ref _done, out _error);
        outcome = _error == SocketError.Success ? AwaitOutcome.Succeeded : AwaitOutcome.Failed;
        return isOver;
    }

    // By the canceller, and by whoever has begun to wait: the one that takes it out of the slot settles.
    private void Cancel()
    {
        if (_socket!.Registration.SlotOf(Which).TryWithdraw(Volatile.Read(ref _waitWord)))
        {
            TrySettle(AwaitOutcome.Cancelled);
        }
    }

    private void Recycle()
    {
        Clean();
        var pool = _dispatcher!.Pool;
        _dispatcher = null;
        _socket = null;
        _buffer = default;
        _token = default;
        _cancellation = default;
        _done = 0;
        _error = SocketError.Success;
        _waitWord = 0;
        pool.Return(this);
    }
}
