using System.Buffers.Binary;

namespace Runtime.Hosting.Jobs;

/// <summary>Ids of jobs that say in which cell the job is: version 7 (RFC 9562) with the cell's number in the last byte and a check of the rest in the two before it. 50 random bits are left for each millisecond.</summary>
internal static class CellIds
{
    public const int MostCells = 256;

    private const int CheckAt = 13;
    private const int CellAt = 15;
    private const int Size = 16;

    public static Guid New(DateTimeOffset now, int cell)
    {
        Span<byte> bytes = stackalloc byte[Size];
        Guid.CreateVersion7(now).TryWriteBytes(bytes, bigEndian: true, out _);
        return Stamped(bytes, cell);
    }

    /// <summary>The same id for another cell: always the same one, so that an enqueue can be repeated.</summary>
    public static Guid In(Guid id, int cell)
    {
        Span<byte> bytes = stackalloc byte[Size];
        id.TryWriteBytes(bytes, bigEndian: true, out _);
        return Stamped(bytes, cell);
    }

    /// <summary>Reads the cell. An id that was not made here passes for one of 65,536 times, so it is where to look first, and no proof.</summary>
    public static bool TryGetCell(Guid id, out int cell)
    {
        Span<byte> bytes = stackalloc byte[Size];
        id.TryWriteBytes(bytes, bigEndian: true, out _);
        cell = bytes[CellAt];
        return BinaryPrimitives.ReadUInt16BigEndian(bytes[CheckAt..]) == CheckOf(bytes);
    }

    private static Guid Stamped(Span<byte> bytes, int cell)
    {
        bytes[CellAt] = (byte)cell;
        BinaryPrimitives.WriteUInt16BigEndian(bytes[CheckAt..], CheckOf(bytes));
        return new Guid(bytes, bigEndian: true);
    }

    // Of the first 13 bytes and the cell.
    private static ushort CheckOf(ReadOnlySpan<byte> bytes)
    {
        var first = BinaryPrimitives.ReadUInt64BigEndian(bytes);
        var rest = (BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]) & 0xFFFF_FFFF_FF00_0000) | bytes[CellAt];
        return (ushort)(CellMap.Mix(first ^ CellMap.Mix(rest)) >> 48);
    }
}
