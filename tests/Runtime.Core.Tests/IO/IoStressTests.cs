using Runtime.Core.IO;

namespace Runtime.Core.Tests.IO;

public sealed class EpollIoStressTests() : IoStressTests(IoPoller.Epoll);

public sealed class PollIoStressTests() : IoStressTests(IoPoller.Poll);

/// <summary>Random use of many connections at once: what was sent is received, in order, whatever is cancelled, closed and opened meanwhile.</summary>
public abstract class IoStressTests(IoPoller poller)
{
    private const int Connections = 12;
    private const int Steps = 150;

    [Fact]
    public async Task Connections_RandomlySendingCancellingAndClosing_NothingIsLostOrMixedUp()
    {
        var seed = Environment.TickCount;
        try
        {
            await RunAsync(seed).WaitAsync(TimeSpan.FromMinutes(2));
        }
        catch (Exception exception)
        {
            throw new InvalidOperationException($"seed {seed}", exception);
        }
    }

    private async Task RunAsync(int seed)
    {
        await using var runtime = new AsyncRuntime(new AsyncRuntimeOptions { WorkerThreads = 2, MaxWorkerThreads = 2, IO = new IoOptions { Poller = poller } });
        await runtime.StartAsync();
        await Task.WhenAll(Enumerable.Range(0, Connections).Select(number => ConnectionAsync(runtime, new Random(seed + number))));
        var snapshot = runtime.Snapshot();
        snapshot.IO.Registrations.ShouldBe(0);
        snapshot.UnhandledExceptions.ShouldBe(0);
    }

    // A connection ends now and then and another takes its place: numbers and places in the table are used again and again.
    private static async Task ConnectionAsync(AsyncRuntime runtime, Random random)
    {
        for (var step = 0; step < Steps;)
        {
            using var pair = new SocketPair();
            using var near = runtime.EventLoop.Open(pair.Near);
            using var far = runtime.EventLoop.Open(pair.Far);
            var length = random.Next(1, 200_000);
            var first = (byte)random.Next();
            var sending = runtime.Spawn(ct => SendAsync(near, length, first, random.Next(1, 50_000), ct));
            var receiving = runtime.Spawn(ct => ReceiveAsync(far, length, first, new Random(random.Next()), ct));
            await Task.WhenAll(sending, receiving);
            var waiting = near.ReceiveAsync(new byte[8]).AsTask();
            near.Dispose();
            await Should.ThrowAsync<ObjectDisposedException>(() => waiting);
            step += random.Next(5, 50);
        }
    }

    private static async ValueTask SendAsync(RuntimeSocket socket, int length, byte first, int piece, CancellationToken cancellationToken)
    {
        var bytes = new byte[length];
        for (var i = 0; i < length; i++)
        {
            bytes[i] = (byte)(first + i);
        }

        for (var sent = 0; sent < length; sent += piece)
        {
            await socket.SendAsync(bytes.AsMemory(sent, Math.Min(piece, length - sent)), cancellationToken);
        }
    }

    // Half of the receives race with their own cancellation; a cancelled one has taken nothing.
    private static async ValueTask ReceiveAsync(RuntimeSocket socket, int length, byte first, Random random, CancellationToken cancellationToken)
    {
        var buffer = new byte[20_000];
        for (var received = 0; received < length;)
        {
            using var source = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            var receiving = socket.ReceiveAsync(buffer.AsMemory(0, random.Next(1, buffer.Length)), source.Token);
            var cancelling = random.Next(2) == 0 ? Task.Run(source.Cancel, CancellationToken.None) : Task.CompletedTask;
            try
            {
                var read = await receiving;
                read.ShouldBePositive();
                for (var i = 0; i < read; i++)
                {
                    if (buffer[i] != (byte)(first + received + i))
                    {
                        throw new InvalidOperationException($"byte {received + i} is {buffer[i]}");
                    }
                }

                received += read;
            }
            catch (OperationCanceledException) when (source.IsCancellationRequested)
            {
                // As asked; the next one begins where this one was.
            }

            await cancelling;
        }
    }
}
