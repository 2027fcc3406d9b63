using System.Net.Sockets;

namespace Runtime.Benchmarks.IO;

/// <summary>The library's asynchronous sockets, on the thread pool.</summary>
internal sealed class PoolEcho() : EchoServer("pool")
{
    protected override Task StartAsync() => Task.CompletedTask;

    protected override async Task<Task> AcceptAsync()
    {
        var socket = await Listener.AcceptAsync();
        socket.NoDelay = true;
        return Task.Run(() => ServeAsync(socket));
    }

    private static async Task ServeAsync(Socket socket)
    {
        using var owned = socket;
        var buffer = new byte[LoadClient.MessageLength];
        var have = 0;
        try
        {
            for (int read; (read = await socket.ReceiveAsync(buffer.AsMemory(have), SocketFlags.None, CancellationToken.None)) > 0;)
            {
                have += read;
                if (have == buffer.Length)
                {
                    await socket.SendAsync(buffer, SocketFlags.None, CancellationToken.None);
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
