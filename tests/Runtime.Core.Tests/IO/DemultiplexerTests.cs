using System.IO.Pipes;
using System.Net;
using System.Net.Sockets;
using Runtime.Core.IO;

namespace Runtime.Core.Tests.IO;

public sealed class EpollDemultiplexerTests() : DemultiplexerTests(IoPoller.Epoll);

public sealed class PollDemultiplexerTests() : DemultiplexerTests(IoPoller.Poll);

/// <summary>What every demultiplexer does, whatever the system offers it.</summary>
public abstract class DemultiplexerTests(IoPoller poller) : IDisposable
{
    private const IoEvents Everything = IoEvents.Readable | IoEvents.Writable | IoEvents.Error;

    private readonly SocketPair _pair = new();
    private readonly ReadyEvent[] _events = new ReadyEvent[8];
    private readonly Demultiplexer _demultiplexer = EventLoop.CreateDemultiplexer(poller);

    public void Dispose()
    {
        _demultiplexer.Dispose();
        _pair.Dispose();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public void Wait_BytesHaveCome_TellsReadableOnce()
    {
        _demultiplexer.Add(_pair.Near.SafeHandle, 7);
        _demultiplexer.Arm(7, IoEvents.Readable);
        _pair.Far.Send([1]);
        Next(IoEvents.Readable).Token.ShouldBe(7UL);
        Drain().ShouldBe(IoEvents.None, "it has been told, and nothing has happened since");
    }

    [Fact]
    public void Wait_MoreBytesAfterThoseWereRead_TellsAgain()
    {
        _demultiplexer.Add(_pair.Near.SafeHandle, 7);
        for (byte round = 0; round < 3; round++)
        {
            _demultiplexer.Arm(7, IoEvents.Readable);
            _pair.Far.Send([round]);
            Next(IoEvents.Readable);
            _pair.Near.Receive(new byte[8]).ShouldBe(1);
        }
    }

    [Fact]
    public void Wait_RoomToWrite_TellsWritable()
    {
        _demultiplexer.Add(_pair.Near.SafeHandle, 7);
        _demultiplexer.Arm(7, IoEvents.Writable);
        Next(IoEvents.Writable);
    }

    [Fact]
    public void Wait_OtherSideHasClosed_TellsThatReadsDoNotWait()
    {
        _demultiplexer.Add(_pair.Near.SafeHandle, 7);
        _demultiplexer.Arm(7, IoEvents.Readable);
        _pair.Far.Dispose();
        (Next(IoEvents.Readable).Events & IoEvents.ReadClosed).ShouldBe(IoEvents.ReadClosed);
    }

    [Fact]
    public void Wait_ConnectionReset_TellsError()
    {
        _demultiplexer.Add(_pair.Near.SafeHandle, 7);
        _demultiplexer.Arm(7, Everything);
        Drain();
        _demultiplexer.Arm(7, Everything);
        _pair.Far.Close(0);
        Next(IoEvents.Error);
    }

    [Fact]
    public void Wait_Pipe_TellsReadableAndItsEnd()
    {
        using var server = new AnonymousPipeServerStream(PipeDirection.Out);
        using var client = new AnonymousPipeClientStream(PipeDirection.In, server.ClientSafePipeHandle);
        _demultiplexer.Add(client.SafePipeHandle, 9);
        _demultiplexer.Arm(9, IoEvents.Readable);
        server.Write([1, 2, 3]);
        Next(IoEvents.Readable).Token.ShouldBe(9UL);
        client.Read(new byte[8]).ShouldBe(3);
        _demultiplexer.Arm(9, IoEvents.Readable);
        server.Dispose();
        (Next(IoEvents.Readable).Events & IoEvents.ReadClosed).ShouldBe(IoEvents.ReadClosed);
        _demultiplexer.Remove(client.SafePipeHandle, 9);
    }

    [Fact]
    public async Task Wake_WhileAnotherThreadWaits_EndsItsWait()
    {
        var waiter = Task.Run(() => _demultiplexer.Wait(_events, wait: true));
        _demultiplexer.Wake();
        (await waiter.Guarded()).ShouldBe(0);
    }

    [Fact]
    public void Wake_BeforeTheWait_EndsIt()
    {
        _demultiplexer.Wake();
        _demultiplexer.Wake();
        _demultiplexer.Wait(_events, wait: true).ShouldBe(0);
    }

    [Fact]
    public async Task Add_WhileAnotherThreadWaits_IsSeenByIt()
    {
        var waiter = Task.Run(() =>
        {
            int count;
            while ((count = _demultiplexer.Wait(_events, wait: true)) == 0)
            {
                // A wake-up says only that there is something new to wait for.
            }

            return _events[0].Token;
        });
        _demultiplexer.Add(_pair.Near.SafeHandle, 11);
        _demultiplexer.Arm(11, IoEvents.Readable | IoEvents.Writable);
        (await waiter.Guarded()).ShouldBe(11UL);
    }

    [Fact]
    public void Remove_ThenBytes_TellsNothing()
    {
        _demultiplexer.Add(_pair.Near.SafeHandle, 7);
        _demultiplexer.Arm(7, IoEvents.Readable);
        Drain();
        _demultiplexer.Remove(_pair.Near.SafeHandle, 7);
        _pair.Far.Send([1]);
        _pair.Near.Poll(30_000_000, SelectMode.SelectRead).ShouldBeTrue("the byte is there");
        Drain().ShouldBe(IoEvents.None);
    }

    [Fact]
    public void Remove_HandleClosedBefore_DoesNotTouchTheOneThatHasItsNumberNow()
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen(1);
        var old = _pair.Near.SafeHandle;
        _demultiplexer.Add(old, 7);
        old.Dispose();
        using var next = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp); // has the number that has just become free, unless a test beside this one was faster
        next.Connect(listener.LocalEndPoint!);
        using var accepted = listener.Accept();
        _demultiplexer.Add(next.SafeHandle, 8);
        _demultiplexer.Remove(old, 7);
        _demultiplexer.Arm(8, IoEvents.Writable);
        Next(IoEvents.Writable);
        _demultiplexer.Arm(8, IoEvents.Readable);
        accepted.Send([1]);
        next.Poll(30_000_000, SelectMode.SelectRead).ShouldBeTrue("the byte is there");
        (Drain() & IoEvents.Readable).ShouldBe(IoEvents.Readable);
    }

    [Fact]
    public void Add_Twice_IsRefused()
    {
        _demultiplexer.Add(_pair.Near.SafeHandle, 7);
        Should.Throw<InvalidOperationException>(() => _demultiplexer.Add(_pair.Near.SafeHandle, 8)).Message.ShouldBe(
            "This handle is registered with the event loop already. Keep the registration that was made first, or dispose of it before the handle is registered again.");
    }

    [Fact]
    public void Add_ClosedHandle_IsRefused()
    {
        _pair.Near.Dispose();
        Should.Throw<ObjectDisposedException>(() => _demultiplexer.Add(_pair.Near.SafeHandle, 7));
    }

    // The next event with this bit; others may come before.
    private ReadyEvent Next(IoEvents bit)
    {
        // A wait that nothing ends is ended by the guard, and then this fails instead of hanging.
        using var guard = new CancellationTokenSource(Waiting.HangGuard, TimeProvider.System);
        using var wake = guard.Token.Register(_demultiplexer.Wake);
        while (true)
        {
            guard.Token.ThrowIfCancellationRequested();
            foreach (var ready in Wait())
            {
                if ((ready.Events & bit) != IoEvents.None)
                {
                    return ready;
                }
            }
        }
    }

    private ReadyEvent[] Wait() => _events[.._demultiplexer.Wait(_events, wait: true)];

    // What is there now. A second look, because one that was woken tells nothing.
    private IoEvents Drain()
    {
        var told = IoEvents.None;
        for (var look = 0; look < 3; look++)
        {
            foreach (var ready in _events.AsSpan(0, _demultiplexer.Wait(_events, wait: false)))
            {
                told |= ready.Events;
            }
        }

        return told;
    }
}
