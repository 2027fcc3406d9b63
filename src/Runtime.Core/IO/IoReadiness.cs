using System.Runtime.InteropServices;

namespace Runtime.Core.IO;

/// <summary>That something is ready, as of one moment: what to hand to <see cref="IoRegistration.Clear"/> when it turned out not to be.</summary>
/// <remarks>Immutable. Readiness is a hint, as everywhere: the operation may still find that it would have to wait.</remarks>
[StructLayout(LayoutKind.Auto)]
public readonly record struct IoReadiness
{
    internal IoReadiness(IoEvents events, ulong tick)
    {
        Events = events;
        Tick = tick;
    }

    /// <summary>Gets what has happened; for a wait for <see cref="IoEvents.Readable"/>, that and perhaps <see cref="IoEvents.ReadClosed"/>.</summary>
    public IoEvents Events { get; }

    /// <summary>Gets whether the other side will send no more: what is read until zero bytes come is all there is.</summary>
    public bool IsReadClosed => (Events & IoEvents.ReadClosed) != IoEvents.None;

    /// <summary>Gets whether nothing that is written will arrive.</summary>
    public bool IsWriteClosed => (Events & IoEvents.WriteClosed) != IoEvents.None;

    /// <summary>Gets whether it was ready at all.</summary>
    internal bool IsReady => Events != IoEvents.None;

    /// <summary>Gets which event of its slot it was.</summary>
    internal ulong Tick { get; }
}
