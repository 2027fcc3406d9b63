namespace Runtime.Core.Tests.IO;

/// <summary>Bytes per await, once warm; those of all threads.</summary>
[Collection(nameof(AwaitAllocationTests))]
public sealed class IoAllocationTests : IAsyncLifetime
{
    private const int Rounds = 20;
    private const int Calls = 500;

    private readonly AsyncRuntime _runtime = new(new AsyncRuntimeOptions { MaxReserveThreads = 0, WorkerThreads = 1, MaxWorkerThreads = 1 });
    private readonly SocketPair _pair = new();
    private readonly byte[] _buffer = new byte[64];
    private readonly CancellationTokenSource _source = new();

    public Task InitializeAsync() => _runtime.StartAsync();

    public async Task DisposeAsync()
    {
        await _runtime.DisposeAsync();
        _pair.Dispose();
        _source.Dispose();
    }

    [Fact]
    public async Task ReadableAsync_ThatWaits_AllocatesNothing()
    {
        using var registration = _runtime.EventLoop.Register(_pair.Near);
        await CheckAsync(async () =>
        {
            for (var call = 0; call < Calls; call++)
            {
                var readable = registration.ReadableAsync(_source.Token);
                _pair.Far.Send(_buffer, 0, 1, System.Net.Sockets.SocketFlags.None);
                var ready = await readable;
                _pair.Near.Receive(_buffer);
                registration.Clear(ready);
            }
        });
    }

    [Fact]
    public async Task ReceiveAsync_ThatWaits_AllocatesNothing()
    {
        using var socket = _runtime.EventLoop.Open(_pair.Near);
        await CheckAsync(async () =>
        {
            for (var call = 0; call < Calls; call++)
            {
                var receiving = socket.ReceiveAsync(_buffer, _source.Token);
                _pair.Far.Send(_buffer, 0, 1, System.Net.Sockets.SocketFlags.None);
                _ = await receiving;
            }
        });
    }

    [Fact]
    public async Task SendAsync_ThatNeedNotWait_AllocatesNothing()
    {
        using var socket = _runtime.EventLoop.Open(_pair.Near);
        await CheckAsync(async () =>
        {
            for (var call = 0; call < Calls; call++)
            {
                await socket.SendAsync(_buffer.AsMemory(0, 1));
                _pair.Far.Receive(_buffer);
            }
        });
    }

    // The least of several rounds: a collection, or another thread of the process, may allocate in one of them.
    private async Task CheckAsync(Func<ValueTask> calls)
    {
        var perCall = await _runtime.Spawn(async _ =>
        {
            var least = long.MaxValue;
            for (var round = 0; round < Rounds; round++)
            {
                var before = GC.GetTotalAllocatedBytes(precise: true);
                await calls();
                least = Math.Min(least, GC.GetTotalAllocatedBytes(precise: true) - before);
            }

            return (double)least / Calls;
        }).Guarded();
        perCall.ShouldBeLessThan(1, "bytes; the test's own state machine is shared by all calls of a round");
    }
}
