using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Runtime.Core.IO;

/// <summary>A socket on the event loop of a runtime: accept, receive and send without a thread and, once the runtime is warm, without an allocation.</summary>
/// <remarks>
/// <para>
/// Owns the socket and its registration; made by <see cref="EventLoop.Open"/> and <see cref="AcceptAsync"/>. One receive (or accept) and one send may be under way at a time; they
/// are independent of each other, so half-closed connections work in both directions.
/// </para>
/// <para>An operation that need not wait is done on the spot and takes a unit of the budget; otherwise it is done by the worker on which its awaiter goes on.</para>
/// </remarks>
public sealed class RuntimeSocket : IDisposable
{
    // Whether a read that gets less than there was room for has read all there was. Not on local sockets, where a read ends at every descriptor that was passed along.
    private readonly bool _readsToTheEnd;

    internal RuntimeSocket(Socket socket, IoRegistration registration)
    {
        Socket = socket;
        Registration = registration;
        _readsToTheEnd = socket is { SocketType: SocketType.Stream, AddressFamily: AddressFamily.InterNetwork or AddressFamily.InterNetworkV6 };
    }

    /// <summary>Gets the socket, for its options and addresses.</summary>
    public Socket Socket { get; }

    /// <summary>Gets its registration, for waits, timers and handlers of your own.</summary>
    public IoRegistration Registration { get; }

    /// <summary>Accepts the next connection of a listening socket.</summary>
    /// <param name="cancellationToken">Ends the wait; no connection is lost by that.</param>
    /// <returns>The connection; it is yours to dispose of.</returns>
    /// <exception cref="SocketException">The system refuses, e.g. for want of descriptors.</exception>
    /// <exception cref="ObjectDisposedException">The listener was disposed of, or the runtime has stopped.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public async ValueTask<RuntimeSocket> AcceptAsync(CancellationToken cancellationToken = default)
    {
        while (true)
        {
            var ready = await Registration.ReadableAsync(cancellationToken).ConfigureAwait(false);
            if (Socket.Poll(0, SelectMode.SelectRead)) // an accept that would have to wait throws, and that is dear
            {
                try
                {
                    return OpenAccepted(Socket.Accept());
                }
                catch (SocketException gone) when (gone.SocketErrorCode is SocketError.WouldBlock or SocketError.ConnectionAborted or SocketError.ConnectionReset)
                {
                    continue; // it was there, and has gone again; or another process has it
                }
            }

            Registration.Clear(ready);
        }
    }

    /// <summary>Receives what has come, as soon as there is anything.</summary>
    /// <param name="buffer">Where to put it. Not to be touched until the await is over.</param>
    /// <param name="cancellationToken">Ends the wait; nothing is lost by that.</param>
    /// <returns>How many bytes; 0 when the other side has ended its sending. With an empty buffer 0, as soon as there is anything to receive.</returns>
    /// <exception cref="SocketException">By the await: the connection is broken.</exception>
    /// <exception cref="InvalidOperationException">Another receive is under way.</exception>
    /// <exception cref="ObjectDisposedException">By the await: it was disposed of, or the runtime has stopped.</exception>
    /// <exception cref="OperationCanceledException">By the await: it was cancelled.</exception>
    public ValueTask<int> ReceiveAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (buffer.IsEmpty)
        {
            return AwaitReadableAsync(cancellationToken);
        }

        var done = 0;
        if (Registration.SlotOf(IoEvents.Readable).Look().IsReady && !cancellationToken.IsCancellationRequested && Registration.Loop.Host.TryTakeBudget()
            && TryTransfer(TransferKind.Receive, buffer, ref done, out var error))
        {
            return error == SocketError.Success ? new ValueTask<int>(done) : ValueTask.FromException<int>(ExceptionOf(error));
        }

        return Registration.Loop.Host.ReceiveAsync(this, buffer, cancellationToken);
    }

    /// <summary>Sends all of it.</summary>
    /// <param name="buffer">The bytes. Not to be touched until the await is over.</param>
    /// <param name="cancellationToken">Ends the wait. A part may have been sent then, so the connection is good for nothing but closing.</param>
    /// <returns>A value task that ends when the system has taken all of it.</returns>
    /// <exception cref="InvalidOperationException">Another send is under way.</exception>
    /// <inheritdoc cref="ReceiveAsync"/>
    public ValueTask SendAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var done = 0;
        var memory = MemoryMarshal.AsMemory(buffer); // only read from, as the kind says
        if (!cancellationToken.IsCancellationRequested && !Registration.SlotOf(IoEvents.Writable).IsBusy && Registration.Loop.Host.TryTakeBudget()
            && TryTransfer(TransferKind.Send, memory, ref done, out var error))
        {
            return error == SocketError.Success ? ValueTask.CompletedTask : ValueTask.FromException(ExceptionOf(error));
        }

        return Registration.Loop.Host.SendAsync(this, memory, done, cancellationToken);
    }

    /// <summary>Ends this side's sending; the other side reads to the end of what was sent. Receiving goes on.</summary>
    public void ShutdownSend() => Socket.Shutdown(SocketShutdown.Send);

    /// <summary>Ends the registration, and with it all that waits, and closes the socket.</summary>
    public void Dispose()
    {
        Registration.Dispose();
        Socket.Dispose();
    }

    /// <summary>What to throw when a transfer is over because of an error.</summary>
    internal Exception ExceptionOf(SocketError error) => error == SocketError.OperationAborted && Registration.IsClosed ? EventLoop.Closed() : new SocketException((int)error);

    /// <summary>Transfers without waiting.</summary>
    /// <param name="kind">The direction.</param>
    /// <param name="buffer">The bytes.</param>
    /// <param name="done">How many have been transferred.</param>
    /// <param name="error">Why it is over, if not because it succeeded.</param>
    /// <returns>Whether it is over. When not, readiness has been cleared unless something has happened meanwhile.</returns>
    internal bool TryTransfer(TransferKind kind, Memory<byte> buffer, ref int done, out SocketError error)
    {
        try
        {
            return kind == TransferKind.Receive ? TryReceive(buffer.Span, ref done, out error) : TrySend(buffer.Span, ref done, out error);
        }
        catch (ObjectDisposedException)
        {
            error = SocketError.OperationAborted; // by another thread, just now
            return true;
        }
    }

    private async ValueTask<int> AwaitReadableAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            // What was read to the last byte may have left the slot ready.
            var ready = await Registration.ReadableAsync(cancellationToken).ConfigureAwait(false);
            if (Socket.Poll(0, SelectMode.SelectRead) || (!_readsToTheEnd && Socket.Poll(0, SelectMode.SelectError)))
            {
                return 0;
            }

            Registration.Clear(ready);
        }
    }

    private bool TryReceive(Span<byte> buffer, ref int done, out SocketError error)
    {
        ref var slot = ref Registration.SlotOf(IoEvents.Readable);
        var before = slot.Look();
        done = Socket.Receive(buffer, SocketFlags.None, out error);
        if (error == SocketError.WouldBlock)
        {
            slot.Clear(before);
            return false;
        }

        if (_readsToTheEnd && done > 0 && done < buffer.Length && !Registration.HadError)
        {
            slot.Clear(before); // less than there was room for: that was all, unless the read has ended at the mark of urgent data. What comes from now on is a new event
        }

        return true;
    }

    private bool TrySend(ReadOnlySpan<byte> buffer, ref int done, out SocketError error)
    {
        ref var slot = ref Registration.SlotOf(IoEvents.Writable);
        do
        {
            var before = slot.Look();
            var sent = Socket.Send(buffer[done..], SocketFlags.None, out error);
            if (error == SocketError.WouldBlock)
            {
                slot.Clear(before);
                return false;
            }

            done += sent;
        }
        while (error == SocketError.Success && done < buffer.Length);

        return true;
    }

    private RuntimeSocket OpenAccepted(Socket accepted)
    {
        try
        {
            return Registration.Loop.Open(accepted);
        }
        catch
        {
            accepted.Dispose();
            throw;
        }
    }
}
