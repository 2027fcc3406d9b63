using System.Net.Sockets;
using Runtime.Benchmarks.Scheduler;
using Runtime.Core;
using Runtime.Core.IO;

namespace Runtime.Benchmarks.IO;

/// <summary>The runtime's event loop, in the same shape.</summary>
internal sealed class RuntimeEcho(RuntimeSettings settings) : EchoServer("runtime")
{
    private readonly AsyncRuntime _runtime = new(settings.ToOptions());
    private RuntimeSocket? _listener;

    public AsyncRuntime Runtime => _runtime;

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        await _runtime.DisposeAsync();
    }

    protected override async Task StartAsync()
    {
        await _runtime.StartAsync();
        _listener = _runtime.EventLoop.Open(Listener);
    }

    protected override async Task<Task> AcceptAsync()
    {
        var socket = await _listener!.AcceptAsync();
        socket.Socket.NoDelay = true;
        return _runtime.Spawn(_ => ServeAsync(socket));
    }

    private static async ValueTask ServeAsync(RuntimeSocket socket)
    {
        using var owned = socket;
        var buffer = new byte[LoadClient.MessageLength];
        var have = 0;
        try
        {
            for (int read; (read = await socket.ReceiveAsync(buffer.AsMemory(have), CancellationToken.None)) > 0;)
            {
                have += read;
                if (have == buffer.Length)
                {
                    await socket.SendAsync(buffer, CancellationToken.None);
                    have = 0;
                }
            }
        }
        catch (SocketException)
        {
            // The generator has ended.
        }
    }
}
