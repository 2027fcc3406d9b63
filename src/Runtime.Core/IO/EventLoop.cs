using System.Diagnostics.CodeAnalysis;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Runtime.Core.Concurrency;

namespace Runtime.Core.IO;

/// <summary>Waits for sockets, pipes and other handles on behalf of the work of a runtime, without a thread of its own: an idle worker waits in it.</summary>
/// <remarks>
/// <para>
/// Thread safe. What is registered is watched from the start of the runtime to its stop. Readiness is found by the worker that waits for it, and the work that awaited it goes on
/// on that worker, with no other thread in between. A worker that is never without work comes by every 800 µs of it; when every worker is held up, the runtime's monitor looks, at
/// most 20 ms later. Nobody polls an event loop with nothing registered, and one in which nothing happens wakes nobody.
/// </para>
/// <para>On Linux by epoll with edges; elsewhere on Unix, and where a sandbox forbids epoll, by poll(2), whose cost grows with the number of waits.</para>
/// </remarks>
[SuppressMessage("Design", "MA0046:Use EventHandler<T> to declare events", Justification = "An internal notification without a sender")]
[SuppressMessage("Design", "CA1001:Types that own disposable fields should be disposable", Justification = "The runtime that owns it closes it in its stop")]
public sealed partial class EventLoop
{
    /// <summary>How many events one look takes at most: half of what a worker's ring holds.</summary>
    internal const int BatchSize = 128;

    private readonly Func<Demultiplexer> _createDemultiplexer;
    private readonly RegistrationTable _table = new();
    private readonly EventQueues _queues;
    private readonly Lock _lock = new();

    // Made by the first registration; under the lock.
    private volatile Demultiplexer? _demultiplexer;

    // Set once, by the stop; under the lock.
    private volatile bool _closed;

    internal EventLoop(IEventLoopHost host, TimeProvider time, Func<Demultiplexer> createDemultiplexer)
    {
        Host = host;
        Time = time;
        _createDemultiplexer = createDemultiplexer;
        _queues = new EventQueues(_table);
    }

    /// <summary>Raised once, on the thread that registers the first handle, with what the loop waits with. Handlers must be quick.</summary>
    internal event Action<string>? PollerChosen;

    internal IEventLoopHost Host { get; }

    internal TimeProvider Time { get; }

    /// <summary>Held while handlers are set.</summary>
    internal Lock HandlersLock { get; } = new();

    /// <summary>Begins to watch a socket, and makes it non-blocking.</summary>
    /// <param name="socket">The socket, connected or listening. Use its synchronous methods, which never wait from now on; its asynchronous ones have another loop of their own.</param>
    /// <returns>The registration; it does not own the socket.</returns>
    /// <inheritdoc cref="Register(SafeHandle)"/>
    public IoRegistration Register(Socket socket)
    {
        ArgumentNullException.ThrowIfNull(socket);
        socket.Blocking = false;
        return Register(socket.SafeHandle);
    }

    /// <summary>Begins to watch a handle: a pipe, an eventfd, an inotify or timer descriptor, a terminal.</summary>
    /// <param name="handle">The handle. It should be non-blocking (O_NONBLOCK), since readiness is a hint.</param>
    /// <returns>The registration; it does not own the handle.</returns>
    /// <exception cref="ArgumentNullException">There is none.</exception>
    /// <exception cref="NotSupportedException">The system cannot wait for it: it is a regular file, a directory or a device such as /dev/null. By poll, and elsewhere than on Linux, some of them are taken and always ready.</exception>
    /// <exception cref="InvalidOperationException">It is registered already.</exception>
    /// <exception cref="IOException">The system refuses; the message says why.</exception>
    /// <exception cref="ObjectDisposedException">The handle is closed, or the runtime has stopped.</exception>
    /// <exception cref="PlatformNotSupportedException">The system has neither epoll nor poll.</exception>
    public IoRegistration Register(SafeHandle handle)
    {
        ArgumentNullException.ThrowIfNull(handle);
        var registration = new IoRegistration(this, handle);
        bool isFirst, isNew;
        lock (_lock)
        {
            if (_closed)
            {
                throw Closed();
            }

            isNew = _demultiplexer is null;
            var demultiplexer = _demultiplexer ??= _createDemultiplexer();
            isFirst = _table.Count == 0;
            if (isFirst)
            {
                Volatile.Write(ref _wantedSince, MonotonicClock.Milliseconds);
            }

            var token = _table.Add(registration);
            try
            {
                demultiplexer.Add(handle, token);
            }
            catch
            {
                _table.Remove(token);
                throw;
            }
        }

        if (isFirst)
        {
            Host.OnWanted(); // it fences after the count, which a worker that goes to sleep then sees, or is seen
        }

        if (isNew)
        {
            PollerChosen?.Invoke(_demultiplexer.Name);
        }

        return registration;
    }

    /// <summary>Begins to watch a socket and gives what a server needs to use it. The result owns the socket.</summary>
    /// <param name="socket">A listening or connected stream socket, or a datagram socket with a default peer.</param>
    /// <inheritdoc cref="Register(SafeHandle)"/>
    public RuntimeSocket Open(Socket socket) => new(socket, Register(socket));

    /// <summary>How it stands.</summary>
    internal IoSnapshot Snapshot() => new()
    {
        Poller = _demultiplexer?.Name ?? "none",
        Registrations = _table.Count,
        Events = _queues.Events,
        StaleEvents = _queues.Stale,
        Polls = Volatile.Read(ref _polls),
        Waits = Volatile.Read(ref _waits),
        WakeUps = Volatile.Read(ref _wakeUps),
        Unattended = Unattended,
    };

    internal void OnWait(IoRegistration registration, IoEvents which)
    {
        if (_demultiplexer is { NeedsArm: true } demultiplexer)
        {
            demultiplexer.Arm(registration.Token, which);
        }
    }

    internal void Close(IoRegistration registration)
    {
        lock (_lock)
        {
            if (_table.Find(registration.Token) != registration)
            {
                return;
            }

            _table.Remove(registration.Token);
            _demultiplexer!.Remove(registration.Handle, registration.Token);
        }

        registration.CloseSlots();
    }

    /// <summary>Ends all registrations, and refuses new ones. What waited ends with an <see cref="ObjectDisposedException"/>.</summary>
    internal void Close()
    {
        lock (_lock)
        {
            _closed = true;
        }

        foreach (var registration in _table.ToArray())
        {
            Close(registration);
        }
    }

    /// <summary>Gives back what the system holds for it. When the workers have ended.</summary>
    internal void Release()
    {
        // Whoever might still be inside uses a handle that the system keeps open until he is out.
        lock (_lock)
        {
            _demultiplexer?.Dispose();
        }
    }

    internal static ObjectDisposedException Closed() => new(
        nameof(IoRegistration), "The registration has been disposed of, or its runtime has stopped. Register the handle with a runtime that runs.");

    internal static InvalidOperationException Occupied(IoEvents which) => new(
        $"Somebody waits for {which} of this registration already: an await, a transfer or a handler. One wait at a time for each kind of event; end the other one first.");

    /// <summary>Makes what waits, of the kind that is asked for or else the best there is.</summary>
    internal static Demultiplexer CreateDemultiplexer(IoPoller poller)
    {
        if (poller != IoPoller.Poll && EpollDemultiplexer.TryCreate() is { } epoll)
        {
            return epoll;
        }

        if (poller == IoPoller.Epoll)
        {
            throw new PlatformNotSupportedException("This system has no epoll, or does not let this process use it. Set AsyncRuntimeOptions:IO:Poller to Auto for the best there is.");
        }

        return OperatingSystem.IsWindows() || OperatingSystem.IsBrowser() || OperatingSystem.IsWasi()
            ? throw new PlatformNotSupportedException("The event loop needs epoll or poll, which this system does not have. Use the asynchronous methods of Socket and Stream: their awaits go on on the runtime, too.")
            : new PollDemultiplexer();
    }
}
