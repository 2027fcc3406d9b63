using System.Net;
using System.Net.Sockets;

namespace Runtime.Core.Tests.IO;

/// <summary>Two servers on the event loop, against clients that know nothing of it.</summary>
public sealed class ServerTests : IAsyncLifetime
{
    private readonly AsyncRuntime _runtime = new(new AsyncRuntimeOptions { WorkerThreads = 2, MaxWorkerThreads = 2 });

    public Task InitializeAsync() => _runtime.StartAsync();

    public Task DisposeAsync() => _runtime.DisposeAsync().AsTask();

    [Theory]
    [InlineData(1)]
    [InlineData(50)]
    public async Task EchoServer_LinesFromManyClients_ComeBackInOrder(int clients)
    {
        await using var server = new EchoServer(_runtime);
        await Task.WhenAll(Enumerable.Range(0, clients).Select(client => TalkAsync(server.Address, client))).Guarded();
    }

    [Fact]
    public async Task EchoServer_ClientsThatSendNothingAndClientsThatVanish_DoNotKeepItFromTheOthers()
    {
        await using var server = new EchoServer(_runtime);
        var idle = new List<Socket>();
        for (var client = 0; client < 50; client++)
        {
            var socket = Connect(server.Address);
            if (client % 2 == 0)
            {
                socket.Close(0);
            }
            else
            {
                socket.Send("half a li"u8);
                idle.Add(socket);
            }
        }

        await TalkAsync(server.Address, client: 7).Guarded();
        idle.ForEach(static socket => socket.Dispose());
    }

    [Fact]
    public async Task HttpResponder_HttpClient_IsAnsweredOnOneConnection()
    {
        await using var server = new HttpResponder(_runtime);
        var connections = 0;
        using var handler = new SocketsHttpHandler
        {
            ConnectCallback = (_, _) =>
            {
                connections++;
                return ValueTask.FromResult<Stream>(new NetworkStream(Connect(server.Address), ownsSocket: true));
            },
        };
        using var client = new HttpClient(handler) { BaseAddress = new Uri("http://localhost/") };
        for (var request = 0; request < 20; request++)
        {
            (await client.GetStringAsync(new Uri($"/{request}", UriKind.Relative)).Guarded()).ShouldBe($"/{request}");
        }

        connections.ShouldBe(1);
        using var refused = await client.PostAsync(new Uri("/", UriKind.Relative), content: null).Guarded();
        refused.StatusCode.ShouldBe(HttpStatusCode.MethodNotAllowed);
    }

    private static async Task TalkAsync(EndPoint address, int client)
    {
        using var socket = Connect(address);
        await using var stream = new NetworkStream(socket);
        using var reader = new StreamReader(stream, leaveOpen: true);
        await using var writer = new StreamWriter(stream, leaveOpen: true) { NewLine = "\n", AutoFlush = true };
        for (var line = 0; line < 20; line++)
        {
            var text = $"client {client} line {line} {new string('x', line * 100)}";
            await writer.WriteLineAsync(text);
            (await reader.ReadLineAsync()).ShouldBe(text);
        }

        socket.Shutdown(SocketShutdown.Send);
        (await reader.ReadLineAsync()).ShouldBeNull("the server has ended its side, too");
    }

    private static Socket Connect(EndPoint address)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        socket.Connect(address);
        return socket;
    }
}
