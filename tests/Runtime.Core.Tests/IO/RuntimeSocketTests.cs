using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Runtime.Core.IO;

namespace Runtime.Core.Tests.IO;

public sealed class EpollRuntimeSocketTests() : RuntimeSocketTests(IoPoller.Epoll);

public sealed class PollRuntimeSocketTests() : RuntimeSocketTests(IoPoller.Poll);

public abstract class RuntimeSocketTests(IoPoller poller) : IAsyncLifetime
{
    private readonly AsyncRuntime _runtime = new(new AsyncRuntimeOptions { WorkerThreads = 2, MaxWorkerThreads = 2, IO = new IoOptions { Poller = poller } });
    private readonly SocketPair _pair = new();

    public Task InitializeAsync() => _runtime.StartAsync();

    public async Task DisposeAsync()
    {
        await _runtime.DisposeAsync();
        _pair.Dispose();
    }

    [Fact]
    public async Task SendAsync_MoreThanTheSystemTakes_ArrivesWhole()
    {
        using var socket = _runtime.EventLoop.Open(_pair.Near);
        var sent = RandomNumberGenerator.GetBytes(8 << 20);
        var sending = _runtime.Spawn(async ct =>
        {
            await socket.SendAsync(sent, ct);
            socket.ShutdownSend();
        });
        var received = new MemoryStream();
        var buffer = new byte[100_000];
        for (int read; (read = await _pair.Far.ReceiveAsync(buffer).WaitAsync(Waiting.HangGuard)) > 0;)
        {
            received.Write(buffer, 0, read);
        }

        await sending.Guarded();
        received.ToArray().AsSpan().SequenceEqual(sent).ShouldBeTrue();
    }

    [Fact]
    public async Task ReceiveAsync_InPieces_ReadsAllAndThenTheEnd()
    {
        using var socket = _runtime.EventLoop.Open(_pair.Near);
        var bytes = RandomNumberGenerator.GetBytes(1 << 20);
        var receiving = _runtime.Spawn(async ct =>
        {
            var all = new MemoryStream();
            var buffer = new byte[1000];
            for (int read; (read = await socket.ReceiveAsync(buffer, ct)) > 0;)
            {
                all.Write(buffer, 0, read);
            }

            return all.ToArray();
        });
        await Task.Run(() =>
        {
            _pair.Far.Send(bytes);
            _pair.Far.Shutdown(SocketShutdown.Send);
        }).Guarded();
        (await receiving.Guarded()).AsSpan().SequenceEqual(bytes).ShouldBeTrue();
    }

    [Fact]
    public async Task ReceiveAsync_CancelledAndAgain_LosesNothing()
    {
        using var socket = _runtime.EventLoop.Open(_pair.Near);
        var buffer = new byte[8];
        for (byte round = 0; round < 100; round++)
        {
            using var source = new CancellationTokenSource();
            var receiving = _runtime.Spawn(async _ => await socket.ReceiveAsync(buffer, source.Token));
            var sending = Task.Run(() => _pair.Far.Send([round]));
            await source.CancelAsync();
            try
            {
                (await receiving.Guarded()).ShouldBe(1);
            }
            catch (OperationCanceledException)
            {
                (await _runtime.Spawn(async _ => await socket.ReceiveAsync(buffer)).Guarded()).ShouldBe(1);
            }

            await sending;
            buffer[0].ShouldBe(round);
        }
    }

    [Fact]
    public async Task ReceiveAsync_ConnectionReset_Throws()
    {
        using var socket = _runtime.EventLoop.Open(_pair.Near);
        var receiving = _runtime.Spawn(async _ => await socket.ReceiveAsync(new byte[8]));
        _pair.Far.Close(0);
        (await Should.ThrowAsync<SocketException>(() => receiving.Guarded())).SocketErrorCode.ShouldBe(SocketError.ConnectionReset);
    }

    [Fact]
    public async Task Dispose_WhileReceiving_EndsIt()
    {
        var socket = _runtime.EventLoop.Open(_pair.Near);
        var receiving = socket.ReceiveAsync(new byte[8]).AsTask();
        socket.Dispose();
        await Should.ThrowAsync<ObjectDisposedException>(() => receiving.Guarded());
        await Should.ThrowAsync<ObjectDisposedException>(() => socket.ReceiveAsync(new byte[8]).AsTask().Guarded());
        await Should.ThrowAsync<ObjectDisposedException>(() => socket.SendAsync(new byte[8]).AsTask().Guarded());
    }

    [Fact]
    public async Task ReceiveAsync_TwoAtATime_SecondIsRefused()
    {
        using var socket = _runtime.EventLoop.Open(_pair.Near);
        var first = socket.ReceiveAsync(new byte[8]).AsTask();
        await Should.ThrowAsync<InvalidOperationException>(async () => await socket.ReceiveAsync(new byte[8]));
        _pair.Far.Send([1]);
        (await first.Guarded()).ShouldBe(1);
    }

    [Fact]
    public async Task ReceiveAsync_EmptyBuffer_WaitsForBytes()
    {
        using var socket = _runtime.EventLoop.Open(_pair.Near);
        var readable = socket.ReceiveAsync(Memory<byte>.Empty).AsTask();
        readable.IsCompleted.ShouldBeFalse();
        _pair.Far.Send([1]);
        (await readable.Guarded()).ShouldBe(0);
    }

    [Fact]
    public async Task ReceiveAsync_EmptyBufferAfterEverythingWasRead_WaitsForMore()
    {
        using var socket = _runtime.EventLoop.Open(_pair.Near);
        _pair.Far.Send([1, 2, 3]);
        (await socket.ReceiveAsync(new byte[3]).AsTask().Guarded()).ShouldBe(3, "just what there was: the receive has not seen the end");
        var readable = socket.ReceiveAsync(Memory<byte>.Empty).AsTask();
        (await socket.Registration.WritableAsync().AsTask().Guarded()).Events.ShouldBe(IoEvents.Writable);
        readable.IsCompleted.ShouldBeFalse("there is nothing to receive");
        _pair.Far.Send([1]);
        (await readable.Guarded()).ShouldBe(0);
        _pair.Near.Available.ShouldBe(1);
    }

    /// <summary>A read ends at the mark of urgent data, though there is more behind it, of which the system has told already.</summary>
    [Fact]
    public async Task ReceiveAsync_UrgentDataInBetween_ReadsOnBehindIt()
    {
        using var socket = _runtime.EventLoop.Open(_pair.Near);
        var error = socket.Registration.ErrorAsync().AsTask();
        _pair.Far.Send("abc"u8);
        _pair.Far.Send("!"u8, SocketFlags.OutOfBand);
        _pair.Far.Send("def"u8);
        await error.Guarded();

        (await ReceiveTextAsync(socket, "abcdef".Length)).ShouldBe("abcdef");
    }

    /// <summary>A read from a local socket ends where a descriptor was passed along, though there is more behind it, of which the system has told already.</summary>
    [Fact]
    public async Task ReceiveAsync_DescriptorsPassedInBetween_ReadsOnBehindThem()
    {
        var path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(path));
        listener.Listen();
        using var far = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        far.Connect(listener.LocalEndPoint!);
        using var socket = _runtime.EventLoop.Open(listener.Accept());
        File.Delete(path);
        using var passed = KernelHandles.EventCounter();
        KernelHandles.SendWith(passed, far, "abc"u8.ToArray());
        KernelHandles.SendWith(passed, far, "def"u8.ToArray());

        (await ReceiveTextAsync(socket, "abcdef".Length)).ShouldBe("abcdef");
    }

    [Fact]
    public async Task ReceiveAsync_Datagrams_EachIsReceived()
    {
        using var near = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        using var far = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        near.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        far.Connect(near.LocalEndPoint!);
        using var socket = _runtime.EventLoop.Open(near);
        for (byte value = 0; value < 10; value++)
        {
            far.Send([value]);
        }

        var received = await _runtime.Spawn(async ct =>
        {
            var buffer = new byte[8];
            var all = new List<byte>();
            while (all.Count < 10)
            {
                (await socket.ReceiveAsync(buffer, ct)).ShouldBe(1);
                all.Add(buffer[0]);
            }

            return all;
        }).Guarded();
        received.ShouldBe(Enumerable.Range(0, 10).Select(static value => (byte)value));
    }

    [Fact]
    public async Task AcceptAsync_ManyAtOnce_AcceptsAll()
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen(64);
        using var server = _runtime.EventLoop.Open(listener);
        var accepting = _runtime.Spawn(async ct =>
        {
            for (var count = 0; count < 50; count++)
            {
                using var accepted = await server.AcceptAsync(ct);
                await accepted.SendAsync(new byte[] { 1 }, ct);
            }
        });
        var clients = Enumerable.Range(0, 50).Select(_ => Task.Run(() =>
        {
            using var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            client.Connect(listener.LocalEndPoint!);
            client.Receive(new byte[8]).ShouldBe(1);
        })).ToArray();
        await Task.WhenAll(clients).Guarded();
        await accepting.Guarded();
    }

    private static async Task<string> ReceiveTextAsync(RuntimeSocket socket, int length)
    {
        using var guard = new CancellationTokenSource(Waiting.HangGuard, TimeProvider.System);
        var text = new StringBuilder();
        var buffer = new byte[100];
        while (text.Length < length)
        {
            text.Append(Encoding.ASCII.GetString(buffer, 0, await socket.ReceiveAsync(buffer, guard.Token)));
        }

        return text.ToString();
    }
}
