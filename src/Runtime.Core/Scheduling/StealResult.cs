namespace Runtime.Core.Scheduling;

/// <summary>The outcome of an attempt to steal. A lost race is not an empty victim.</summary>
internal enum StealResult : byte
{
    /// <summary>The victim had nothing.</summary>
    Empty,

    /// <summary>Work was taken.</summary>
    Success,

    /// <summary>Another thread got in between; there may be work.</summary>
    Retry,
}
