using System.Runtime.InteropServices;

namespace Runtime.Core.IO;

/// <summary>Something that an <see cref="EventLoop"/> looks after: a socket, a pipe, an eventfd, a terminal.</summary>
/// <remarks>
/// <para>
/// Readiness stays until it is cleared: <see cref="ReadableAsync"/> completes at once for as long as nobody has found that there was nothing to read. So the loop is:
/// await, try without blocking, and if that would have had to wait, <see cref="Clear"/> with what the await gave, and await again. Readiness is never lost between
/// the try and the clear: an event that comes in between makes the clear have no effect. Forgetting the clear costs processor time; it cannot hang.
/// </para>
/// <para>
/// Thread safe. One wait at a time for each kind of event; waits for different kinds are independent of each other.
/// <see cref="Dispose"/> ends all of them. Dispose of the registration before the handle is closed: the system tells nobody of a close, so what waits for a handle that
/// is closed behind the back of its registration waits until it is cancelled or the registration is disposed of.
/// </para>
/// </remarks>
public sealed partial class IoRegistration : IDisposable
{
    private readonly EventLoop _loop;
    private readonly SafeHandle _handle;
    private ReadySlot _readable;
    private ReadySlot _writable;
    private ReadySlot _error;

    // Set once, by whoever polls.
    private volatile bool _hadError;

    // Made by the first use of a timer; by compare-exchange.
    private RegistrationTimer? _timer;

    internal IoRegistration(EventLoop loop, SafeHandle handle)
    {
        _loop = loop;
        _handle = handle;
    }

    /// <summary>Gets what is registered.</summary>
    public SafeHandle Handle => _handle;

    internal EventLoop Loop => _loop;

    // Written once, before anybody can be told of it. See RegistrationTable.
    internal ulong Token { get; set; }

    internal bool IsClosed => _readable.IsClosed;

    /// <summary>Whether an error or urgent data has ever been told. Whoever has looked at the readable slot before sees all that came no later than its event.</summary>
    internal bool HadError => _hadError;

    /// <summary>Waits until a read, or an accept, need not wait.</summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>A value task, to be awaited once.</returns>
    /// <remarks>Allocates nothing once the runtime is warm. The awaiter goes on as after <see cref="AsyncRuntime.Delay(TimeSpan, CancellationToken)"/>. A wait that is over at once takes a unit of the budget.</remarks>
    /// <exception cref="InvalidOperationException">Somebody waits for this kind of event already.</exception>
    /// <exception cref="ObjectDisposedException">By the await: the registration was disposed of, or the runtime has stopped.</exception>
    /// <exception cref="OperationCanceledException">By the await: it was cancelled. Readiness that came at the same time is kept.</exception>
    public ValueTask<IoReadiness> ReadableAsync(CancellationToken cancellationToken = default) => _loop.Host.WaitAsync(this, IoEvents.Readable, cancellationToken);

    /// <summary>Waits until a write need not wait.</summary>
    /// <inheritdoc cref="ReadableAsync"/>
    public ValueTask<IoReadiness> WritableAsync(CancellationToken cancellationToken = default) => _loop.Host.WaitAsync(this, IoEvents.Writable, cancellationToken);

    /// <summary>Waits until there is an error, urgent data, or the end of both directions.</summary>
    /// <inheritdoc cref="ReadableAsync"/>
    public ValueTask<IoReadiness> ErrorAsync(CancellationToken cancellationToken = default) => _loop.Host.WaitAsync(this, IoEvents.Error, cancellationToken);

    /// <summary>Takes readiness back after an operation that would have had to wait.</summary>
    /// <param name="readiness">What the wait gave, from before the operation. It has no effect when something has happened since, or when the direction is closed.</param>
    public void Clear(IoReadiness readiness)
    {
        switch (readiness.Events & (IoEvents.Readable | IoEvents.Writable | IoEvents.Error | IoEvents.Timer))
        {
            case IoEvents.Readable:
                _readable.Clear(readiness);
                break;
            case IoEvents.Writable:
                _writable.Clear(readiness);
                break;
            case IoEvents.Error:
                _error.Clear(readiness);
                break;
            case IoEvents.Timer:
                _timer?.Slot.Clear(readiness);
                break;
        }
    }

    /// <summary>Ends the registration: waits end with an <see cref="ObjectDisposedException"/>, handlers are called no more. The handle stays open.</summary>
    public void Dispose() => _loop.Close(this);

    /// <summary>The slot of one kind of event.</summary>
    internal ref ReadySlot SlotOf(IoEvents which)
    {
        switch (which)
        {
            case IoEvents.Readable:
                return ref _readable;
            case IoEvents.Writable:
                return ref _writable;
            case IoEvents.Timer:
                return ref Timer.Slot;
            default:
                return ref _error;
        }
    }

    /// <summary>Begins a wait, and announces it where the system has to be asked.</summary>
    internal WaitResult TryWait(IoEvents which, IReadyWaiter waiter, out IoReadiness readiness, out ulong word, bool hasReserved = false)
    {
        var result = SlotOf(which).TryWait(waiter, out readiness, out word, hasReserved);
        if (result == WaitResult.Waits && which != IoEvents.Timer)
        {
            _loop.OnWait(this, which);
        }

        return result;
    }

    /// <summary>Tells of errors. On the thread that polls.</summary>
    internal void RaiseError(IoEvents happened)
    {
        _hadError = true; // before the readable event of the same look is raised, which publishes it
        Raise(ref _error, happened, IoEvents.Error);
    }

    /// <summary>Tells of the rest.</summary>
    internal void RaiseBulk(IoEvents happened)
    {
        if ((happened & IoEvents.Readable) != IoEvents.None)
        {
            Raise(ref _readable, happened, IoEvents.Readable | IoEvents.ReadClosed);
        }

        if ((happened & IoEvents.Writable) != IoEvents.None)
        {
            Raise(ref _writable, happened, IoEvents.Writable | IoEvents.WriteClosed);
        }
    }

    /// <summary>Ends all waits. Once, by the loop.</summary>
    internal void CloseSlots()
    {
        _readable.Close()?.OnClosed();
        _writable.Close()?.OnClosed();
        _error.Close()?.OnClosed();
        Volatile.Read(ref _timer)?.Close(); // one that is made from now on sees the others closed
    }

    private static void Raise(ref ReadySlot slot, IoEvents happened, IoEvents kinds) => slot.Raise(happened & kinds, out var readiness)?.OnReady(readiness);
}
