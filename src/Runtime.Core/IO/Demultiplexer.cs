using System.Runtime.InteropServices;

namespace Runtime.Core.IO;

/// <summary>Waits for many handles at once. One thread at a time waits; anyone may add, remove, arm and wake meanwhile.</summary>
/// <remarks>What is told is told once: again only after more has happened or after <see cref="Arm"/>, whichever the system offers.</remarks>
internal abstract class Demultiplexer : IDisposable
{
    /// <summary>Gets what the system calls it.</summary>
    public abstract string Name { get; }

    /// <summary>Gets whether a wait that begins has to be announced by <see cref="Arm"/>.</summary>
    public abstract bool NeedsArm { get; }

    /// <summary>Begins to look after a handle.</summary>
    /// <exception cref="NotSupportedException">The system cannot wait for this kind of handle.</exception>
    /// <exception cref="InvalidOperationException">It is looked after already.</exception>
    /// <exception cref="IOException">The system refuses for another reason.</exception>
    public abstract void Add(SafeHandle handle, ulong token);

    /// <summary>Ceases. Events that were collected before may still be told. Does nothing for a handle that is closed: the system has forgotten it.</summary>
    public abstract void Remove(SafeHandle handle, ulong token);

    /// <summary>Somebody waits for these events of it now.</summary>
    public abstract void Arm(ulong token, IoEvents events);

    /// <summary>Collects events.</summary>
    /// <param name="events">Receives them.</param>
    /// <param name="wait">Whether to wait until there is one, or until <see cref="Wake"/>.</param>
    /// <returns>How many there are; 0 also for no reason.</returns>
    public abstract int Wait(Span<ReadyEvent> events, bool wait);

    /// <summary>Ends the wait, or the next one.</summary>
    public abstract void Wake();

    public abstract void Dispose();
}
