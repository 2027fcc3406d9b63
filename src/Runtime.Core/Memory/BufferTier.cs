namespace Runtime.Core.Memory;

/// <summary>The tiers of a <see cref="TieredBufferPool"/>.</summary>
public enum BufferTier
{
    /// <summary>Up to 1 KB. Kept by each thread, refilled 64 at a time.</summary>
    Small,

    /// <summary>Above 1 KB, up to 64 KB. Kept by each thread, at most 128 KB of one size.</summary>
    Medium,

    /// <summary>Above 64 KB. Kept in common up to 1 MB; above that made for one rent and not kept.</summary>
    Large,
}
