namespace Runtime.Core.Memory;

/// <summary>What a <see cref="TieredBufferPool"/> does when a buffer would take it past <see cref="BufferPoolOptions.MaxBytes"/>.</summary>
public enum BufferExhaustion
{
    /// <summary>A buffer outside of the pool, counted as a fallback: the bound holds for the pool, not for the process.</summary>
    Allocate,

    /// <summary><see cref="TieredBufferPool.RentAsync"/> waits for a return, first come, first served. A synchronous rent cannot wait, and throws.</summary>
    Wait,

    /// <summary>A <see cref="BufferPoolExhaustedException"/>.</summary>
    Throw,
}
