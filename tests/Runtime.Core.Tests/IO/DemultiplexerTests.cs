using System.IO.Pipes;
using System.Net;
using System.Net.Sockets;
using Microsoft.Win32.SafeHandles;
using Runtime.Core.IO;

namespace Runtime.Core.Tests.IO;

public sealed class EpollDemultiplexerTests() : DemultiplexerTests(IoPoller.Epoll);

public sealed class PollDemultiplexerTests() : DemultiplexerTests(IoPoller.Poll)
{
    /// <summary>A descriptor that was closed by its number is told by the system at every look: asked again and again, the worker that waits would never wait.</summary>
    [Fact]
    public void Wait_DescriptorClosedBehindItsHandle_IsNotAskedForAgain()
    {
        using var poller = new PollDemultiplexer();
        var owner = KernelHandles.EventCounter();
        using var other = new SafeFileHandle(owner.DangerousGetHandle(), ownsHandle: false);
        poller.Add(other, 7);
        poller.Arm(7, IoEvents.Readable);
        poller.Wait(new ReadyEvent[8], wait: true).ShouldBe(0, "woken by the arming");
        poller.ArmedCount.ShouldBe(1);

        owner.Dispose();

        poller.Wait(new ReadyEvent[8], wait: true).ShouldBe(0);
        poller.ArmedCount.ShouldBe(0);
    }
}

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

    [Fact]
    public void Add_HandleThatIsNone_IsRefused()
    {
        using var none = new SafeFileHandle(-1, ownsHandle: false);
        Should.Throw<ObjectDisposedException>(() => _demultiplexer.Add(none, 7));
    }

    [Fact]
    public void Add_RegularFile_IsRefused()
    {
        using var file = File.OpenHandle(typeof(DemultiplexerTests).Assembly.Location);
        Should.Throw<NotSupportedException>(() => _demultiplexer.Add(file, 7)).Message.ShouldBe(
            "The system cannot wait for this handle: it is a regular file, a directory or a device such as /dev/null, which are always ready. "
            + "Read it with RandomAccess, or on AsyncRuntime.SpawnBlocking.");
    }

    [Fact]
    public void Add_SameDescriptorInAnotherHandle_IsRefused()
    {
        using var other = new SafeFileHandle(_pair.Near.Handle, ownsHandle: false);
        _demultiplexer.Add(_pair.Near.SafeHandle, 7);
        Should.Throw<InvalidOperationException>(() => _demultiplexer.Add(other, 8));
    }

    /// <summary>More are ready than one look takes, and those that were told are ready again at once: the others get their turn.</summary>
    [Fact]
    public void Wait_MoreAreReadyThanFit_AllAreToldInTurn()
    {
        const int Count = 20;
        var counters = new List<SafeFileHandle>();
        try
        {
            for (ulong token = 0; token < Count; token++)
            {
                counters.Add(KernelHandles.EventCounter());
                _demultiplexer.Add(counters[^1], token);
                _demultiplexer.Arm(token, IoEvents.Writable);
            }

            var told = new HashSet<ulong>();
            for (var look = 0; look < Count; look++)
            {
                foreach (var ready in _events.AsSpan(0, _demultiplexer.Wait(_events, wait: false)))
                {
                    told.Add(ready.Token);
                    _demultiplexer.Arm(ready.Token, IoEvents.Writable);
                }
            }

            told.Count.ShouldBe(Count);
        }
        finally
        {
            counters.ForEach(static counter => counter.Dispose());
        }
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
