using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Runtime.Core.IO;

/// <summary>epoll(7) with edges: the system tells once of all that happens, in both directions, and is never asked again.</summary>
/// <remarks>
/// A handle is entered once, for everything; no call follows for any wait. It is woken through an eventfd, of which only the edge matters, so nobody reads it.
/// The system keeps its entry for as long as the file is open anywhere, which a copied descriptor may draw out: so events carry a token, and what is told of a
/// registration that is gone is dropped by its owner.
/// </remarks>
internal sealed unsafe class EpollDemultiplexer : Demultiplexer
{
    // Above every index of a table; see RegistrationTable.
    private const ulong WakeToken = ulong.MaxValue;

    private readonly FileHandle _epoll;
    private readonly FileHandle _wake;

    // What the system writes. For the one that waits. On the pinned heap.
    private readonly byte[] _buffer = GC.AllocateArray<byte>(EventLoop.BatchSize * 16, pinned: true);

    private EpollDemultiplexer(FileHandle epoll, FileHandle wake)
    {
        _epoll = epoll;
        _wake = wake;
    }

    public override string Name => "epoll";

    public override bool NeedsArm => false;

    /// <summary>Makes one, where the system has it and lets this process use it.</summary>
    public static EpollDemultiplexer? TryCreate()
    {
        if (!OperatingSystem.IsLinux())
        {
            return null;
        }

        try
        {
            var made = new EpollDemultiplexer(new FileHandle(Epoll.Create(Epoll.CloseOnExec)), new FileHandle(Epoll.CreateEvent(0, Epoll.CloseOnExec | Epoll.NonBlocking)));
            if (!made._epoll.IsInvalid && !made._wake.IsInvalid && made.TryAdd(made._wake, WakeToken, Epoll.In | Epoll.EdgeTriggered))
            {
                return made;
            }

            made.Dispose();
            return null;
        }
        catch (Exception exception) when (exception is DllNotFoundException or EntryPointNotFoundException)
        {
            return null;
        }
    }

    public override void Add(SafeHandle handle, ulong token)
    {
        if (!TryAdd(handle, token, Epoll.In | Epoll.Out | Epoll.Urgent | Epoll.ReadHangUp | Epoll.EdgeTriggered))
        {
            throw Errno.OfRegistration(Errno.Last);
        }
    }

    public override void Remove(SafeHandle handle, ulong token)
    {
        var isHeld = false;
        try
        {
            // Held, so that the number cannot meanwhile become that of another file.
            handle.DangerousAddRef(ref isHeld);
            _ = Epoll.Control(_epoll, Epoll.Delete, handle.DangerousGetHandle(), null);
        }
        catch (ObjectDisposedException)
        {
            // Closed, and so forgotten by the system; or the loop itself has ended.
        }
        finally
        {
            if (isHeld)
            {
                handle.DangerousRelease();
            }
        }
    }

    public override void Arm(ulong token, IoEvents events)
    {
        // Every edge is told anyway.
    }

    public override int Wait(Span<ReadyEvent> events, bool wait)
    {
        var buffer = (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(_buffer));
        var count = Epoll.Wait(_epoll, buffer, Math.Min(events.Length, EventLoop.BatchSize), wait ? -1 : 0);
        var told = 0;
        for (var i = 0; i < count; i++)
        {
            var at = buffer + (i * Epoll.EventSize);
            var token = Unsafe.ReadUnaligned<ulong>(at + Epoll.DataOffset);
            if (token != WakeToken)
            {
                events[told++] = new ReadyEvent(token, Epoll.Translate(Unsafe.ReadUnaligned<uint>(at)));
            }
        }

        return count >= 0 || Errno.Last == Errno.Interrupted ? told : throw Errno.Of("wait for events", Errno.Last);
    }

    public override void Wake()
    {
        var one = 1UL;
        _ = Epoll.Write(_wake, &one, sizeof(ulong)); // cannot fail but when 2^64 are unread, and then there is an edge already
    }

    public override void Dispose()
    {
        _epoll.Dispose();
        _wake.Dispose();
    }

    private bool TryAdd(SafeHandle handle, ulong token, uint bits)
    {
        var isHeld = false;
        try
        {
            handle.DangerousAddRef(ref isHeld); // throws when it is closed
            var settings = stackalloc byte[16];
            Unsafe.WriteUnaligned(settings, bits);
            Unsafe.WriteUnaligned(settings + Epoll.DataOffset, token);
            return Epoll.Control(_epoll, Epoll.Add, handle.DangerousGetHandle(), settings) == 0;
        }
        finally
        {
            if (isHeld)
            {
                handle.DangerousRelease();
            }
        }
    }
}
