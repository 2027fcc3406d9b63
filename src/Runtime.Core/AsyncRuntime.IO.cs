using Runtime.Core.IO;

namespace Runtime.Core;

// Sockets, pipes and other handles.
public sealed partial class AsyncRuntime
{
    private readonly EventLoop _eventLoop;

    /// <summary>Gets the event loop: waits for sockets, pipes and other handles, on the runtime's own workers.</summary>
    /// <remarks>It costs nothing until something is registered. What is registered before the start is watched from then on; the stop ends every wait.</remarks>
    public EventLoop EventLoop => _eventLoop;

    private static Func<Demultiplexer> CreateDemultiplexer(IoPoller poller) => () => EventLoop.CreateDemultiplexer(poller);
}
