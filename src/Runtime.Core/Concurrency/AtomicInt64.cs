namespace Runtime.Core.Concurrency;

/// <summary>A 64-bit word.</summary>
internal struct AtomicInt64
{
    private long _value;

    /// <inheritdoc cref="AtomicInt32.Value"/>
    public long Value
    {
        readonly get => Volatile.Read(in _value);
        set => Volatile.Write(ref _value, value);
    }

    /// <inheritdoc cref="AtomicInt32.Plain"/>
    public readonly long Plain => _value;

    /// <inheritdoc cref="AtomicInt32.Add"/>
    public long Add(long amount) => Interlocked.Add(ref _value, amount);

    /// <inheritdoc cref="AtomicInt32.Exchange"/>
    public long Exchange(long value) => Interlocked.Exchange(ref _value, value);

    /// <inheritdoc cref="AtomicInt32.CompareExchange"/>
    public long CompareExchange(long value, long expected) => Interlocked.CompareExchange(ref _value, value, expected);
}
