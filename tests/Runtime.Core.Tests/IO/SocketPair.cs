using System.Net;
using System.Net.Sockets;

namespace Runtime.Core.Tests.IO;

/// <summary>A TCP connection over the loopback interface: one end for the runtime, the other for the test.</summary>
internal sealed class SocketPair : IDisposable
{
    public SocketPair()
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen(1);
        Far = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        Far.Connect(listener.LocalEndPoint!);
        Near = listener.Accept();
        Near.NoDelay = true;
    }

    /// <summary>The end that is registered.</summary>
    public Socket Near { get; }

    /// <summary>The end that a client would have; blocking.</summary>
    public Socket Far { get; }

    public void Dispose()
    {
        Near.Dispose();
        Far.Dispose();
    }
}
