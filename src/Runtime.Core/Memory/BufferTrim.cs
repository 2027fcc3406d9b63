namespace Runtime.Core.Memory;

/// <summary>How much of what is unused a trim lets go.</summary>
internal enum BufferTrim
{
    /// <summary>What is beyond the bounds.</summary>
    ToBounds,

    /// <summary>And half of what nobody has needed since the last time.</summary>
    Idle,

    /// <summary>And all the rest, what threads keep included.</summary>
    Everything,
}
