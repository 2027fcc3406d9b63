using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using Runtime.Core.IO;

namespace Runtime.Core.Tests.IO;

/// <summary>A server on an event loop: accepts until it is stopped, and gives each connection a piece of work of its own.</summary>
internal abstract class Server : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly RuntimeSocket _listener;
    private readonly AsyncRuntime _runtime;
    private readonly Task _accepting;

    protected Server(AsyncRuntime runtime)
    {
        _runtime = runtime;
        var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen(512);
        Address = listener.LocalEndPoint!;
        _listener = runtime.EventLoop.Open(listener);
        _accepting = runtime.Spawn(AcceptAsync);
    }

    public EndPoint Address { get; }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _accepting.Guarded();
        _listener.Dispose();
        _stop.Dispose();
    }

    protected abstract ValueTask ServeAsync(PipeReader input, RuntimeSocket output, CancellationToken cancellationToken);

    // Structured: the server has not ended before its connections have.
    private async ValueTask AcceptAsync(CancellationToken cancellationToken)
    {
        var connections = new List<Task>();
        try
        {
            while (true)
            {
                var socket = await _listener.AcceptAsync(_stop.Token);
                socket.Socket.NoDelay = true;
                connections.RemoveAll(static connection => connection.IsCompleted);
                connections.Add(_runtime.Spawn(_ => RunAsync(socket), options: null, CancellationToken.None));
            }
        }
        catch (OperationCanceledException)
        {
            await Task.WhenAll(connections);
        }
    }

    private async ValueTask RunAsync(RuntimeSocket socket)
    {
        await using var stream = new RuntimeStream(socket);
        var input = PipeReader.Create(stream, new StreamPipeReaderOptions(leaveOpen: true));
        try
        {
            await ServeAsync(input, socket, _stop.Token);
        }
        catch (Exception exception) when (exception is OperationCanceledException or SocketException)
        {
            // Stopped, or the client has gone: either way there is nobody left to serve.
        }
        finally
        {
            await input.CompleteAsync();
        }
    }
}

/// <summary>Sends every line back.</summary>
internal sealed class EchoServer(AsyncRuntime runtime) : Server(runtime)
{
    protected override async ValueTask ServeAsync(PipeReader input, RuntimeSocket output, CancellationToken cancellationToken)
    {
        while (true)
        {
            var read = await input.ReadAsync(cancellationToken);
            var rest = read.Buffer;
            while (rest.PositionOf((byte)'\n') is { } end)
            {
                var line = rest.Slice(0, rest.GetPosition(1, end));
                foreach (var part in line)
                {
                    await output.SendAsync(part, cancellationToken);
                }

                rest = rest.Slice(line.End);
            }

            input.AdvanceTo(rest.Start, rest.End);
            if (read.IsCompleted)
            {
                output.ShutdownSend();
                return;
            }
        }
    }
}
