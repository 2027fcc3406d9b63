using System.Net;
using System.Net.Sockets;

namespace Runtime.Benchmarks.IO;

/// <summary>A server that sends every whole message back, and the load generator that is connected to it.</summary>
internal abstract class EchoServer(string name) : IAsyncDisposable
{
    private readonly List<Task> _connections = [];

    public string Name => name;

    public LoadProcess Load { get; } = new();

    protected Socket Listener { get; } = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

    public int Connected { get; private set; }

    /// <summary>Brings the number of connections to so many, one accepted for each that the generator makes.</summary>
    public async Task ConnectAsync(int count)
    {
        if (!Listener.IsBound)
        {
            Listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            Listener.Listen(512);
            await StartAsync();
        }

        var connecting = Load.ConnectAsync(((IPEndPoint)Listener.LocalEndPoint!).Port, count);
        for (; Connected < count; Connected++)
        {
            _connections.Add(await AcceptAsync());
        }

        await connecting;
    }

    public virtual async ValueTask DisposeAsync()
    {
        await Load.DisposeAsync(); // its connections end, and so do ours
        await Task.WhenAll(_connections);
        Listener.Dispose();
    }

    protected abstract Task StartAsync();

    /// <summary>Accepts one connection and starts to serve it.</summary>
    /// <returns>What ends with the connection.</returns>
    protected abstract Task<Task> AcceptAsync();
}
