using System.Buffers.Binary;
using System.Text;
using Microsoft.Win32.SafeHandles;
using Runtime.Core.IO;

namespace Runtime.Core.Tests.IO;

/// <summary>Waiting for handles that are no sockets, with both pollers.</summary>
public sealed class KernelHandleTests : IAsyncLifetime
{
    private AsyncRuntime? _runtime;

    public static TheoryData<IoPoller> Pollers { get; } = [IoPoller.Epoll, IoPoller.Poll];

    private AsyncRuntime Runtime => _runtime!;

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        if (_runtime is not null)
        {
            await _runtime.DisposeAsync();
        }
    }

    [Theory]
    [MemberData(nameof(Pollers))]
    public async Task EventCounter_EverySignalIsSeen(IoPoller poller)
    {
        await StartAsync(poller);
        using var counter = KernelHandles.EventCounter();
        using var registration = Runtime.EventLoop.Register(counter);
        (await registration.WritableAsync().AsTask().Guarded()).Events.HasFlag(IoEvents.Writable).ShouldBeTrue();
        var buffer = new byte[8];
        for (ulong round = 1; round <= 100; round++)
        {
            var read = ReadAsync(registration, counter, buffer);
            var signal = new byte[8];
            BinaryPrimitives.WriteUInt64LittleEndian(signal, round);
            KernelHandles.Write(counter, signal).ShouldBe(8);

            (await read.Guarded()).ShouldBe(8);
            BinaryPrimitives.ReadUInt64LittleEndian(buffer).ShouldBe(round);
        }
    }

    [Theory]
    [MemberData(nameof(Pollers))]
    public async Task DirectoryWatch_EveryFileIsTold(IoPoller poller)
    {
        await StartAsync(poller);
        var directory = Directory.CreateTempSubdirectory("runtime-io-");
        try
        {
            using var watch = KernelHandles.DirectoryWatch(directory.FullName);
            using var registration = Runtime.EventLoop.Register(watch);
            var told = new StringBuilder();
            var buffer = new byte[4096];
            for (var round = 0; round < 20; round++)
            {
                var read = ReadAsync(registration, watch, buffer);
                await File.WriteAllTextAsync(Path.Combine(directory.FullName, $"file-{round}."), "");
                told.Append(Encoding.ASCII.GetString(buffer, 0, await read.Guarded()));
                told.ToString().ShouldContain($"file-{round}.");
            }
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    [Theory]
    [MemberData(nameof(Pollers))]
    public async Task Terminal_LinesComeAndTheHangUpIsSeen(IoPoller poller)
    {
        await StartAsync(poller);
        var (master, terminal) = KernelHandles.Terminal();
        using (master)
        {
            using var fromMaster = Runtime.EventLoop.Register(master);
            using (var fromTerminal = Runtime.EventLoop.Register(terminal))
            {
                var buffer = new byte[256];
                for (var round = 0; round < 20; round++)
                {
                    var read = ReadAsync(fromTerminal, terminal, buffer);
                    KernelHandles.Write(master, Encoding.ASCII.GetBytes($"line {round}\n")).ShouldBeGreaterThan(0);
                    Encoding.ASCII.GetString(buffer, 0, await read.Guarded()).ShouldBe($"line {round}\n");
                }
            }

            var closed = WaitForEndAsync(fromMaster, master);
            terminal.Dispose();
            await closed.Guarded();
        }
    }

    [Theory]
    [MemberData(nameof(Pollers))]
    public async Task Pipe_ItsEndIsSeenByBoth(IoPoller poller)
    {
        await StartAsync(poller);
        var (reader, writer) = KernelHandles.Pipe();
        using var fromReader = Runtime.EventLoop.Register(reader);
        var buffer = new byte[16];
        var read = ReadAsync(fromReader, reader, buffer);
        KernelHandles.Write(writer, [1, 2, 3]).ShouldBe(3);
        (await read.Guarded()).ShouldBe(3);

        var end = ReadAsync(fromReader, reader, buffer);
        writer.Dispose();
        (await end.Guarded()).ShouldBe(0);
        reader.Dispose();

        // The other way round: an error for who writes.
        var (lost, left) = KernelHandles.Pipe();
        using var fromLeft = Runtime.EventLoop.Register(left);
        var error = fromLeft.ErrorAsync().AsTask();
        lost.Dispose();
        await error.Guarded();
        KernelHandles.Write(left, [1]).ShouldBe(-1);
        left.Dispose();
    }

    private async Task StartAsync(IoPoller poller)
    {
        var options = new AsyncRuntimeOptions { WorkerThreads = 2, MaxWorkerThreads = 2 };
        options.IO.Poller = poller;
        _runtime = new AsyncRuntime(options);
        await _runtime.StartAsync();
    }

    // As the documentation says: try, clear, wait.
    private Task<int> ReadAsync(IoRegistration registration, SafeFileHandle handle, byte[] buffer) => Runtime.Spawn<int>(async token =>
    {
        while (true)
        {
            var ready = await registration.ReadableAsync(token);
            if (KernelHandles.Read(handle, buffer) is var count and >= 0)
            {
                return count;
            }

            registration.Clear(ready);
        }
    });

    private Task WaitForEndAsync(IoRegistration registration, SafeFileHandle handle) => Runtime.Spawn(async token =>
    {
        var buffer = new byte[256];
        while (true)
        {
            var ready = await registration.ReadableAsync(token);
            if (KernelHandles.Read(handle, buffer) <= 0 && ready.IsReadClosed)
            {
                return;
            }

            registration.Clear(ready);
        }
    });
}
