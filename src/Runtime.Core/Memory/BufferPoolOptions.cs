namespace Runtime.Core.Memory;

/// <summary>Settings of a <see cref="TieredBufferPool"/>.</summary>
public sealed class BufferPoolOptions
{
    /// <summary>Gets or sets how many bytes of unused buffers the pool keeps in common. What is returned beyond it is left to the garbage collector.</summary>
    /// <value>Default 67,108,864 (64 MB). From 0 to 1 TB. Each thread that uses the pool keeps up to 1 MB more.</value>
    public long MaxRetainedBytes { get; set; } = 64 << 20;

    /// <summary>Gets or sets how many bytes of buffers there may be, those in use and those kept.</summary>
    /// <value>Default 0: no bound. Otherwise from 1,048,576 (1 MB) to 1 TB. Exact at every moment.</value>
    public long MaxBytes { get; set; }

    /// <summary>Gets or sets what happens at <see cref="MaxBytes"/>, when everything unused has been used.</summary>
    /// <value>Default <see cref="BufferExhaustion.Allocate"/>.</value>
    public BufferExhaustion WhenExhausted { get; set; }

    /// <summary>Gets or sets whether a buffer is filled with zeros when it is returned, so that no secret of one user reaches another.</summary>
    /// <value>Default <see langword="false"/>.</value>
    public bool ClearOnReturn { get; set; }

    /// <summary>Gets or sets whether every rent gets an owner of its own, which notices any use after its return.</summary>
    /// <value>
    /// Default <see langword="false"/>. For development and tests: it costs an allocation and a fill of the buffer for each rent. Without it a second return is noticed as long
    /// as nobody else has rented the buffer. Read once, when the pool is made.
    /// </value>
    public bool DetectMisuse { get; set; }

    internal const long MostBytes = 1L << 40;
    internal const long LeastBound = 1 << 20;

    internal BufferPoolOptions Copy() => (BufferPoolOptions)MemberwiseClone();
}
