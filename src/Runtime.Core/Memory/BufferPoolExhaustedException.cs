namespace Runtime.Core.Memory;

/// <summary>A <see cref="TieredBufferPool"/> is at its bound and nothing unused is left.</summary>
/// <param name="requested">How many bytes the buffer would take.</param>
/// <param name="allocated">How many bytes of buffers there are.</param>
/// <param name="bound">How many there may be.</param>
public sealed class BufferPoolExhaustedException(long requested, long allocated, long bound) : InvalidOperationException(
    $"A buffer of {requested} bytes was asked for; {allocated} bytes are in use, and {nameof(BufferPoolOptions.MaxBytes)} is {bound}. "
    + $"Return buffers sooner, raise {nameof(BufferPoolOptions.MaxBytes)}, or set {nameof(BufferPoolOptions.WhenExhausted)} to {nameof(BufferExhaustion.Allocate)}, "
    + $"or to {nameof(BufferExhaustion.Wait)} and use {nameof(TieredBufferPool.RentAsync)}.")
{
    /// <summary>Gets how many bytes the buffer would have taken.</summary>
    public long Requested => requested;

    /// <summary>Gets how many bytes of buffers there were.</summary>
    public long Allocated => allocated;

    /// <summary>Gets how many there may be.</summary>
    public long Bound => bound;
}
