using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Runtime.Core.IO;

/// <summary>poll(2), which every Unix has: the fallback where there is no epoll. Each look costs as much as there are handles that somebody waits for.</summary>
/// <remarks>
/// poll tells again and again, so a handle is in the set only while somebody waits for it: told once, it is out until the next <see cref="Arm"/>. It is woken
/// through a datagram socket that is connected to itself, which every system has.
/// </remarks>
internal sealed unsafe partial class PollDemultiplexer : Demultiplexer
{
    // POLLIN, POLLPRI, POLLOUT, POLLERR, POLLHUP, POLLNVAL: the same on Linux and the BSDs, and the first ones are those of epoll.
    private const short Invalid = 0x020;
    private const uint All = Epoll.In | Epoll.Out | Epoll.Urgent | Epoll.Error | Epoll.HangUp | Epoll.ReadHangUp;

    // POLLRDHUP is Linux's own; elsewhere the end of what is sent shows as a read of zero bytes only.
    private static readonly uint _read = OperatingSystem.IsLinux() ? Epoll.In | Epoll.ReadHangUp : Epoll.In;

    private readonly Lock _lock = new();
    private readonly Socket _wake = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);

    // What is registered, by token; under the lock.
    private readonly Dictionary<ulong, Entry> _entries = [];

    // Who has a number, so that nobody registers it twice; under the lock. One whose handle is closed no longer has it.
    private readonly Dictionary<int, Entry> _byNumber = [];

    // What the thread that waits hands to the system, and whose each place is. The first is that of the wake-up. Waiter only.
    private PollEntry[] _set = new PollEntry[16];
    private Entry?[] _owners = new Entry?[16];

    // The place that was told last. Waiter only.
    private int _next;

    public PollDemultiplexer()
    {
        _wake.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _wake.Connect(_wake.LocalEndPoint!);
        _wake.Blocking = false;
    }

    public override string Name => "poll";

    public override bool NeedsArm => true;

    /// <summary>How many the next look hands to the system. For tests.</summary>
    internal int ArmedCount
    {
        get
        {
            lock (_lock)
            {
                return _entries.Values.Count(static entry => entry.Armed != IoEvents.None);
            }
        }
    }

    public override void Add(SafeHandle handle, ulong token)
    {
        if (handle.IsInvalid || !TryHold(handle))
        {
            throw Errno.OfRegistration(Errno.BadHandle); // poll takes no notice of a negative number
        }

        try
        {
            var number = (int)handle.DangerousGetHandle();
            var probe = new PollEntry { Handle = number };
            if (Poll(&probe, 1, 0) >= 0 && (probe.Told & Invalid) != 0)
            {
                throw Errno.OfRegistration(Errno.BadHandle);
            }

            if (IsFileOrDirectory(number))
            {
                throw Errno.OfRegistration(Errno.NotPermitted); // as epoll says
            }

            lock (_lock)
            {
                if (_byNumber.TryGetValue(number, out var other) && !other.Handle.IsClosed)
                {
                    throw Errno.OfRegistration(Errno.Exists);
                }

                var entry = new Entry(handle, number, token);
                _entries.Add(token, entry);
                _byNumber[number] = entry;
            }
        }
        finally
        {
            handle.DangerousRelease();
        }
    }

    public override void Remove(SafeHandle handle, ulong token)
    {
        lock (_lock)
        {
            if (_entries.Remove(token, out var entry) && _byNumber.TryGetValue(entry.Number, out var last) && ReferenceEquals(last, entry))
            {
                _byNumber.Remove(entry.Number);
            }
        }

        Wake(); // whoever waits holds the handle open
    }

    public override void Arm(ulong token, IoEvents events)
    {
        lock (_lock)
        {
            if (!_entries.TryGetValue(token, out var entry) || (entry.Armed & events) == events)
            {
                return;
            }

            entry.Armed |= events;
        }

        Wake();
    }

    public override int Wait(Span<ReadyEvent> events, bool wait)
    {
        var count = Collect();
        try
        {
            fixed (PollEntry* set = _set)
            {
                var found = Poll(set, (nuint)count, wait ? -1 : 0);
                if (found < 0 && Errno.Last != Errno.Interrupted)
                {
                    throw Errno.Of("wait for events", Errno.Last);
                }

                return found > 0 ? Tell(count, events) : 0;
            }
        }
        finally
        {
            Release(count);
        }
    }

    public override void Wake()
    {
        try
        {
            _wake.Send([1], SocketFlags.None, out _); // full: then there is something to read already
        }
        catch (ObjectDisposedException)
        {
            // The loop has ended; nobody waits.
        }
    }

    public override void Dispose() => _wake.Dispose();

    // Fills the set with what is armed, held open meanwhile.
    private int Collect()
    {
        lock (_lock)
        {
            if (_set.Length <= _entries.Count)
            {
                Array.Resize(ref _set, (_entries.Count * 2) + 1);
                Array.Resize(ref _owners, _set.Length);
            }

            _set[0] = new PollEntry { Handle = (int)_wake.Handle, Wanted = (short)Epoll.In };
            var count = 1;
            foreach (var entry in _entries.Values)
            {
                if (entry.Armed != IoEvents.None && TryHold(entry.Handle))
                {
                    _set[count] = new PollEntry { Handle = (int)entry.Handle.DangerousGetHandle(), Wanted = Bits(entry.Armed) };
                    _owners[count++] = entry;
                }
            }

            return count;
        }
    }

    private int Tell(int count, Span<ReadyEvent> events)
    {
        if (_set[0].Told != 0)
        {
            Span<byte> scratch = stackalloc byte[8];
            while (_wake.Receive(scratch, SocketFlags.None, out var error) > 0 && error == SocketError.Success)
            {
                // One for each wake that nobody has read.
            }
        }

        var told = 0;
        lock (_lock)
        {
            // From where the last look has stopped: those at the front, told and armed again, must not keep the others from being told.
            var handles = count - 1;
            for (var looked = 0; looked < handles && told < events.Length; looked++)
            {
                _next = _next >= handles ? 1 : _next + 1;
                var i = _next;
                if ((_set[i].Told & Invalid) != 0)
                {
                    _owners[i]!.Armed = IoEvents.None; // closed behind the back of its handle; poll would tell so without end
                }

                if ((_set[i].Told & (short)All) == 0)
                {
                    continue;
                }

                var happened = Epoll.Translate((uint)_set[i].Told & All);
                _owners[i]!.Armed &= ~happened;
                events[told++] = new ReadyEvent(_owners[i]!.Token, happened);
            }
        }

        return told;
    }

    private void Release(int count)
    {
        for (var i = 1; i < count; i++)
        {
            _owners[i]!.Handle.DangerousRelease();
            _owners[i] = null;
        }
    }

    private static bool TryHold(SafeHandle handle)
    {
        try
        {
            var isHeld = false;
            handle.DangerousAddRef(ref isHeld);
            return isHeld;
        }
        catch (ObjectDisposedException)
        {
            return false;
        }
    }

    private static short Bits(IoEvents armed) => (short)(
        ((armed & IoEvents.Readable) != IoEvents.None ? _read : 0)
        | ((armed & IoEvents.Writable) != IoEvents.None ? Epoll.Out : 0)
        | ((armed & IoEvents.Error) != IoEvents.None ? Epoll.Urgent : 0));

    private sealed class Entry(SafeHandle handle, int number, ulong token)
    {
        public SafeHandle Handle { get; } = handle;

        public int Number { get; } = number;

        public ulong Token { get; } = token;

        // What somebody waits for and has not been told. Under the lock.
        public IoEvents Armed { get; set; }
    }
}
