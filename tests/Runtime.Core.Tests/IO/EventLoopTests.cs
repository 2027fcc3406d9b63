using System.IO.Pipes;
using System.Net.Sockets;
using Runtime.Core.IO;

namespace Runtime.Core.Tests.IO;

public sealed class EpollEventLoopTests() : EventLoopTests(IoPoller.Epoll);

public sealed class PollEventLoopTests() : EventLoopTests(IoPoller.Poll);

/// <summary>Waits on a running runtime, on both pollers.</summary>
public abstract class EventLoopTests(IoPoller poller) : IAsyncLifetime
{
    private readonly AsyncRuntime _runtime = new(new AsyncRuntimeOptions { WorkerThreads = 2, MaxWorkerThreads = 2, IO = new IoOptions { Poller = poller } });
    private readonly SocketPair _pair = new();
    private readonly byte[] _buffer = new byte[64];

    public Task InitializeAsync() => _runtime.StartAsync();

    public async Task DisposeAsync()
    {
        await _runtime.DisposeAsync();
        _pair.Dispose();
    }

    [Fact]
    public async Task ReadableAsync_BytesCome_GoesOnOnAWorker()
    {
        using var registration = _runtime.EventLoop.Register(_pair.Near);
        var received = _runtime.Spawn(async _ =>
        {
            await registration.ReadableAsync();
            return (AsyncRuntime.Current == _runtime, _pair.Near.Receive(_buffer));
        });
        _pair.Far.Send([1, 2, 3]);
        (await received.Guarded()).ShouldBe((true, 3));
    }

    [Fact]
    public async Task ReadableAsync_NotCleared_IsCompleteAtOnceAndClearedWaits()
    {
        using var registration = _runtime.EventLoop.Register(_pair.Near);
        _pair.Far.Send([1]);
        var ready = await registration.ReadableAsync().AsTask().Guarded();
        registration.ReadableAsync().IsCompletedSuccessfully.ShouldBeTrue();
        _pair.Near.Receive(_buffer).ShouldBe(1);
        registration.Clear(ready);
        var next = registration.ReadableAsync();
        for (var late = 0; next.IsCompleted; late++)
        {
            late.ShouldBeLessThan(3, "one byte is told once, or once more when the registration and its coming are told apart");
            registration.Clear(await next);
            next = registration.ReadableAsync();
        }

        _pair.Far.Send([2]);
        await next.AsTask().Guarded();
    }

    [Fact]
    public async Task Clear_BytesCameAfterTheTry_IsWithoutEffect()
    {
        using var registration = _runtime.EventLoop.Register(_pair.Near);
        for (byte round = 0; round < 100; round++)
        {
            _pair.Far.Send([round]);
            var ready = await registration.ReadableAsync().AsTask().Guarded();
            _pair.Near.Receive(_buffer).ShouldBe(1);
            registration.Clear(ready);
        }
    }

    [Fact]
    public async Task WritableAsync_FullAndThenRead_GoesOn()
    {
        using var registration = _runtime.EventLoop.Register(_pair.Near);
        var sent = await _runtime.Spawn(async ct =>
        {
            var total = 0;
            while (true)
            {
                var ready = await registration.WritableAsync(ct);
                total += _pair.Near.Send(new byte[65536], SocketFlags.None, out var error);
                if (error == SocketError.WouldBlock)
                {
                    registration.Clear(ready);
                    return total;
                }
            }
        }).Guarded();
        var writable = registration.WritableAsync().AsTask();
        for (var left = sent; left > 0;)
        {
            left -= _pair.Far.Receive(new byte[65536]);
        }

        await writable.Guarded();
    }

    [Fact]
    public async Task ReadableAsync_HalfClosed_ReadsToTheEndAndStillWrites()
    {
        using var registration = _runtime.EventLoop.Register(_pair.Near);
        _pair.Far.Send([1, 2]);
        _pair.Far.Shutdown(SocketShutdown.Send);
        var ready = await registration.ReadableAsync().AsTask().Guarded();
        while (!ready.IsReadClosed)
        {
            registration.Clear(ready);
            ready = await registration.ReadableAsync().AsTask().Guarded();
        }

        _pair.Near.Receive(_buffer).ShouldBe(2);
        _pair.Near.Receive(_buffer).ShouldBe(0);
        registration.Clear(ready);
        (await registration.ReadableAsync().AsTask().Guarded()).IsReadClosed.ShouldBeTrue("a closed direction stays ready");
        await registration.WritableAsync().AsTask().Guarded();
        _pair.Near.Send([3]).ShouldBe(1);
        _pair.Far.Receive(_buffer).ShouldBe(1);
    }

    [Fact]
    public async Task ErrorAsync_ConnectionReset_GoesOn()
    {
        using var registration = _runtime.EventLoop.Register(_pair.Near);
        var error = registration.ErrorAsync().AsTask();
        _pair.Far.Close(0);
        await error.Guarded();
    }

    [Fact]
    public async Task ReadableAsync_Cancelled_EndsWithItsTokenAndFreesThePlace()
    {
        using var registration = _runtime.EventLoop.Register(_pair.Near);
        for (var round = 0; round < 50; round++)
        {
            using var source = new CancellationTokenSource();
            var wait = registration.ReadableAsync(source.Token).AsTask();
            await source.CancelAsync();
            (await Should.ThrowAsync<OperationCanceledException>(() => wait.Guarded())).CancellationToken.ShouldBe(source.Token);
        }

        var last = registration.ReadableAsync().AsTask();
        _pair.Far.Send([1]);
        await last.Guarded();
    }

    [Fact]
    public async Task ReadableAsync_TwoAtATime_SecondIsRefusedAndTheFirstGoesOn()
    {
        using var registration = _runtime.EventLoop.Register(_pair.Near);
        var first = registration.ReadableAsync().AsTask();
        Should.Throw<InvalidOperationException>(() => registration.ReadableAsync().AsTask()).Message.ShouldBe(
            "Somebody waits for Readable of this registration already: an await, a transfer or a handler. One wait at a time for each kind of event; end the other one first.");
        _pair.Far.Send([1]);
        await first.Guarded();
    }

    [Fact]
    public async Task Dispose_WhileWaiting_EndsEveryWait()
    {
        var registration = _runtime.EventLoop.Register(_pair.Near);
        var readable = registration.ReadableAsync().AsTask();
        var error = registration.ErrorAsync().AsTask();
        var timer = registration.TimerAsync().AsTask();
        registration.Dispose();
        registration.Dispose();
        await Should.ThrowAsync<ObjectDisposedException>(() => readable.Guarded());
        await Should.ThrowAsync<ObjectDisposedException>(() => error.Guarded());
        await Should.ThrowAsync<ObjectDisposedException>(() => timer.Guarded());
        await Should.ThrowAsync<ObjectDisposedException>(() => registration.ReadableAsync().AsTask().Guarded());
        await Should.ThrowAsync<ObjectDisposedException>(() => registration.TimerAsync().AsTask().Guarded());
        _runtime.Snapshot().IO.Registrations.ShouldBe(0);
    }

    [Fact]
    public async Task Register_NumberUsedAgain_OldEventsWakeNobody()
    {
        for (var round = 0; round < 100; round++)
        {
            using var old = new SocketPair();
            var registration = _runtime.EventLoop.Register(old.Near);
            old.Far.Send([1]); // told, or about to be, when its place and its number are given to the next one
            registration.Dispose();
            old.Dispose();
            using var next = new SocketPair();
            using var nextRegistration = _runtime.EventLoop.Register(next.Near);
            var readable = nextRegistration.ReadableAsync().AsTask();
            await _runtime.Spawn(static async _ => await AsyncRuntime.Yield()).Guarded();
            readable.IsCompleted.ShouldBeFalse($"round {round}: nothing was sent to it");
            next.Far.Send([1]);
            await readable.Guarded();
        }
    }

    [Fact]
    public async Task Register_Pipe_IsReadableAndEnds()
    {
        using var server = new AnonymousPipeServerStream(PipeDirection.Out);
        using var client = new AnonymousPipeClientStream(PipeDirection.In, server.ClientSafePipeHandle);
        using var registration = _runtime.EventLoop.Register(client.SafePipeHandle);
        var readable = registration.ReadableAsync().AsTask();
        server.Write([1]);
        var ready = await readable.Guarded();
        client.Read(_buffer, 0, 8).ShouldBe(1);
        registration.Clear(ready);
        var end = registration.ReadableAsync().AsTask();
        server.Dispose();
        (await end.Guarded()).IsReadClosed.ShouldBeTrue();
    }

    [Fact]
    public async Task SetTimer_Due_CompletesTimerAsyncOnceCleared()
    {
        using var registration = _runtime.EventLoop.Register(_pair.Near);
        for (var round = 0; round < 3; round++)
        {
            registration.SetTimer(TimeSpan.FromMilliseconds(1));
            var ready = await registration.TimerAsync().AsTask().Guarded();
            ready.Events.ShouldBe(IoEvents.Timer);
            registration.Clear(ready);
            registration.TimerAsync(new CancellationToken(canceled: true)).IsCanceled.ShouldBeTrue();
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void SetTimer_AfterDispose_SaysThatNothingIsSet(bool wasSetBefore)
    {
        var registration = _runtime.EventLoop.Register(_pair.Near);
        if (wasSetBefore)
        {
            registration.SetTimer(TimeSpan.FromHours(1)).ShouldBeTrue();
        }

        registration.Dispose();

        registration.SetTimer(TimeSpan.FromMilliseconds(1)).ShouldBeFalse();
    }

    [Fact]
    public async Task StopAsync_WaitWithoutAToken_EndsItAndLaterRegistrationsAreRefused()
    {
        var registration = _runtime.EventLoop.Register(_pair.Near);
        var readable = registration.ReadableAsync().AsTask();
        await _runtime.StopAsync().Guarded();
        await Should.ThrowAsync<ObjectDisposedException>(() => readable.Guarded());
        Should.Throw<ObjectDisposedException>(() => _runtime.EventLoop.Register(_pair.Far));
        registration.Dispose();
    }
}
