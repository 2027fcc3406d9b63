namespace Runtime.Core.IO;

/// <summary>What may happen to something that is registered with an <see cref="EventLoop"/>.</summary>
[Flags]
public enum IoEvents
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>There is something to read or to accept, or the other side has ended its sending: a read will not wait.</summary>
    Readable = 1,

    /// <summary>There is room to write, a connect has ended, or the other side is gone: a write will not wait.</summary>
    Writable = 2,

    /// <summary>An error is pending, urgent data has come, or both directions are closed.</summary>
    Error = 4,

    /// <summary>The time set with <see cref="IoRegistration.SetTimer(TimeSpan)"/> has come.</summary>
    Timer = 8,

    /// <summary>Comes with <see cref="Readable"/>: the other side will send no more. What it has sent can still be read. Stays.</summary>
    ReadClosed = 16,

    /// <summary>Comes with <see cref="Writable"/>: nothing that is written will arrive. Stays.</summary>
    WriteClosed = 32,
}
