using System.Buffers.Binary;

namespace Runtime.Hosting.Queues;

/// <summary>
/// Ids of work items: a version 8 UUID made of the item's number (48 bits), the number of its queue (10 bits) and a secret (64 bits).
/// </summary>
/// <remarks>
/// The numbers lead the tracker straight to the item; the secret, from the cryptographic generator, makes the id impossible to guess
/// from another one. Layout (RFC 9562, big-endian): 48 bits item number · version 8 · 10 bits queue and 2 bits secret · variant · 62 bits secret.
/// </remarks>
internal static class WorkIds
{
    /// <summary>How many queues a registry can tell apart.</summary>
    public const int MaxQueues = 1 << 10;

    /// <summary>The greatest item number; at a million items a second it lasts for eight years.</summary>
    public const long MaxNumber = (1L << 48) - 1;

    private const byte Version = 0x80;
    private const byte Variant = 0x80;
    private const int LowBits = 62;

    public static Guid Compose(int queue, long number, ulong secret)
    {
        Span<byte> bytes = stackalloc byte[16];
        var high = ((ulong)number << 16) | ((ulong)Version << 8) | ((ulong)queue << 2) | (secret >> LowBits);
        var low = ((ulong)Variant << 56) | (secret & ((1UL << LowBits) - 1));
        BinaryPrimitives.WriteUInt64BigEndian(bytes, high);
        BinaryPrimitives.WriteUInt64BigEndian(bytes[8..], low);
        return new Guid(bytes, bigEndian: true);
    }

    /// <summary>Takes an id apart.</summary>
    /// <returns><see langword="false"/> when it was not made by <see cref="Compose"/>.</returns>
    public static bool TryTakeApart(Guid id, out int queue, out long number, out ulong secret)
    {
        Span<byte> bytes = stackalloc byte[16];
        id.TryWriteBytes(bytes, bigEndian: true, out _);
        var high = BinaryPrimitives.ReadUInt64BigEndian(bytes);
        var low = BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]);
        number = (long)(high >> 16);
        queue = (int)(high >> 2) & (MaxQueues - 1);
        secret = (high << LowBits) | (low & ((1UL << LowBits) - 1));
        return ((high >> 8) & 0xF0) == Version && (low >> LowBits) == Variant >> 6;
    }
}
