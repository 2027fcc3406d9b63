namespace Runtime.Core.Memory;

/// <summary>How a <see cref="TieredBufferPool"/> stands. The parts are read one after another while it is in use.</summary>
public sealed record BufferPoolSnapshot
{
    /// <summary>Gets how many bytes of buffers there are, rented and kept.</summary>
    public required long AllocatedBytes { get; init; }

    /// <summary>Gets the most there have been.</summary>
    public required long PeakBytes { get; init; }

    /// <summary>Gets how many of them are rented. Those that were served outside of the pool are not among them; <see cref="BufferTierSnapshot.OutstandingBytes"/> has them.</summary>
    public required long RentedBytes { get; init; }

    /// <summary>Gets how many of them nobody uses.</summary>
    public long RetainedBytes => Math.Max(0, AllocatedBytes - RentedBytes);

    /// <summary>Gets how many there may be; 0 for no bound.</summary>
    public required long MaxBytes { get; init; }

    /// <summary>Gets how many bytes of unused buffers have been let go.</summary>
    public required long TrimmedBytes { get; init; }

    /// <summary>Gets how many rents were served outside of the pool because it was at its bound.</summary>
    public required long Fallbacks { get; init; }

    /// <summary>Gets how many rents wait.</summary>
    public required int Waiting { get; init; }

    /// <summary>Gets how many returns came second and were refused.</summary>
    public required long DoubleReturns { get; init; }

    /// <summary>Gets the tiers, in the order of <see cref="BufferTier"/>.</summary>
    public required IReadOnlyList<BufferTierSnapshot> Tiers { get; init; }
}

/// <summary>How one tier of a <see cref="TieredBufferPool"/> stands.</summary>
public sealed record BufferTierSnapshot
{
    /// <summary>Gets which one.</summary>
    public required BufferTier Tier { get; init; }

    /// <summary>Gets how many buffers were rented.</summary>
    public required long Rents { get; init; }

    /// <summary>Gets how many of them had to be made.</summary>
    public required long Misses { get; init; }

    /// <summary>Gets the share of rents that found a buffer, from 0 to 1; 1 before the first.</summary>
    public double HitRate => Rents == 0 ? 1 : (double)(Rents - Misses) / Rents;

    /// <summary>Gets how many buffers are rented now, those from outside of the pool included.</summary>
    public required long Outstanding { get; init; }

    /// <summary>Gets how many bytes they are.</summary>
    public required long OutstandingBytes { get; init; }
}
