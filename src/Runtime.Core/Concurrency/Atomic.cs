using System.Diagnostics.CodeAnalysis;

// Words that more than one thread touches, and the fences between them. Lock-free code is written against these types only, so that the model
// checker can compile the same files against its own atomics and run every interleaving of them. Each member is one instruction or two after
// inlining; nothing here costs more than the bare Volatile or Interlocked call.
namespace Runtime.Core.Concurrency;

/// <summary>A 32-bit word.</summary>
internal struct AtomicInt32
{
    private int _value;

    /// <summary>Reads with acquire order, writes with release order.</summary>
    public int Value
    {
        readonly get => Volatile.Read(in _value);
        set => Volatile.Write(ref _value, value);
    }

    /// <summary>Reads without order; for the only writer, or under the lock that all writers hold.</summary>
    public readonly int Plain => _value;

    /// <summary>Adds and returns the sum. A full fence.</summary>
    public int Add(int amount) => Interlocked.Add(ref _value, amount);

    /// <summary>Sets bits. A full fence.</summary>
    public void Or(int bits) => Interlocked.Or(ref _value, bits);

    /// <summary>Keeps bits. A full fence.</summary>
    public void And(int bits) => Interlocked.And(ref _value, bits);

    /// <summary>Replaces the value and returns the old one. A full fence.</summary>
    public int Exchange(int value) => Interlocked.Exchange(ref _value, value);

    /// <summary>Replaces the value if it is <paramref name="expected"/>; returns what it was. A full fence.</summary>
    public int CompareExchange(int value, int expected) => Interlocked.CompareExchange(ref _value, value, expected);
}

/// <summary>An unsigned 32-bit word.</summary>
internal struct AtomicUInt32
{
    private uint _value;

    /// <inheritdoc cref="AtomicInt32.Value"/>
    public uint Value
    {
        readonly get => Volatile.Read(in _value);
        set => Volatile.Write(ref _value, value);
    }

    /// <inheritdoc cref="AtomicInt32.Plain"/>
    public readonly uint Plain => _value;

    /// <inheritdoc cref="AtomicInt32.CompareExchange"/>
    public uint CompareExchange(uint value, uint expected) => Interlocked.CompareExchange(ref _value, value, expected);
}

/// <summary>An unsigned 64-bit word.</summary>
internal struct AtomicUInt64
{
    private ulong _value;

    /// <inheritdoc cref="AtomicInt32.Value"/>
    public ulong Value
    {
        readonly get => Volatile.Read(in _value);
        set => Volatile.Write(ref _value, value);
    }

    /// <inheritdoc cref="AtomicInt32.CompareExchange"/>
    public ulong CompareExchange(ulong value, ulong expected) => Interlocked.CompareExchange(ref _value, value, expected);
}

/// <summary>A reference.</summary>
/// <typeparam name="T">The type of the object.</typeparam>
internal struct AtomicReference<T>
    where T : class
{
    private T? _value;

    /// <inheritdoc cref="AtomicInt32.Value"/>
    public T? Value
    {
        readonly get => Volatile.Read(in _value);
        set => Volatile.Write(ref _value, value);
    }

    /// <inheritdoc cref="AtomicInt32.Plain"/>
    public readonly T? Plain => _value;

    /// <inheritdoc cref="AtomicInt32.Exchange"/>
    public T? Exchange(T? value) => Interlocked.Exchange(ref _value, value);

    /// <inheritdoc cref="AtomicInt32.CompareExchange"/>
    public T? CompareExchange(T? value, T? expected) => Interlocked.CompareExchange(ref _value, value, expected);
}

/// <summary>A place without order of its own: whoever touches it has made sure, by an atomic word, that nobody else does at the same time.</summary>
/// <typeparam name="T">The type of the content.</typeparam>
internal struct Cell<T>
{
    private T _value;

    /// <summary>The content. A race on it is a bug, which the model finds.</summary>
    public T Value
    {
        readonly get => _value;
        set => _value = value;
    }
}

/// <summary>Fences that belong to no word.</summary>
internal static class Fence
{
    /// <summary>Nothing moves across, in either direction; stores before it are visible before loads after it.</summary>
    public static void Full() => Interlocked.MemoryBarrier();

    /// <summary>A full fence in every thread of the process at once: the other side of a pair can then do without one. Microseconds; for what is rare.</summary>
    [ExcludeFromCodeCoverage]
    public static void ProcessWide() => Interlocked.MemoryBarrierProcessWide();
}
