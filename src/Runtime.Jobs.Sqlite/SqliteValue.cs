using System.Buffers;
using System.Runtime.InteropServices;
using System.Text;
using SQLitePCL;

namespace Runtime.Jobs.Sqlite;

/// <summary>A value for a parameter of a statement. Whatever a column may hold becomes one by itself; nothing is boxed.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly struct SqliteValue
{
    // Longer texts are encoded in a rented array.
    private const int LongestOnStack = 512;

    private readonly ValueKind _kind;
    private readonly long _number;
    private readonly double _real;
    private readonly Guid _id;
    private readonly string? _text;
    private readonly ReadOnlyMemory<byte> _bytes;

    private SqliteValue(long value) => (_kind, _number) = (ValueKind.Number, value);

    private SqliteValue(double value) => (_kind, _real) = (ValueKind.Real, value);

    private SqliteValue(Guid value) => (_kind, _id) = (ValueKind.Id, value);

    private SqliteValue(string value) => (_kind, _text) = (ValueKind.Text, value);

    private SqliteValue(ReadOnlyMemory<byte> value) => (_kind, _bytes) = (ValueKind.Bytes, value);

    private enum ValueKind
    {
        Null,
        Number,
        Real,
        Id,
        Text,
        Bytes,
    }

    public static implicit operator SqliteValue(long value) => new(value);

    public static implicit operator SqliteValue(long? value) => value is { } number ? new(number) : default;

    public static implicit operator SqliteValue(double value) => new(value);

    public static implicit operator SqliteValue(Guid value) => new(value);

    public static implicit operator SqliteValue(Guid? value) => value is { } id ? new(id) : default;

    public static implicit operator SqliteValue(string? value) => value is null ? default : new(value);

    public static implicit operator SqliteValue(ReadOnlyMemory<byte> value) => new(value);

    public static implicit operator SqliteValue(byte[] value) => new((ReadOnlyMemory<byte>)value);

    /// <summary>Binds the value. Parameters that are not bound are null.</summary>
    /// <param name="statement">The statement; its parameters have been cleared.</param>
    /// <param name="index">The number of the parameter; the first is 1.</param>
    /// <returns>What SQLite says.</returns>
    public int Bind(sqlite3_stmt statement, int index) => _kind switch
    {
        ValueKind.Number => raw.sqlite3_bind_int64(statement, index, _number),
        ValueKind.Real => raw.sqlite3_bind_double(statement, index, _real),
        ValueKind.Id => BindId(statement, index),
        ValueKind.Text => BindText(statement, index),
        ValueKind.Bytes => _bytes.IsEmpty ? raw.sqlite3_bind_zeroblob(statement, index, 0) : raw.sqlite3_bind_blob(statement, index, _bytes.Span),
        _ => raw.SQLITE_OK,
    };

    // Big endian, so that ids that carry their time are stored next to those of the same time.
    private int BindId(sqlite3_stmt statement, int index)
    {
        Span<byte> bytes = stackalloc byte[16];
        _id.TryWriteBytes(bytes, bigEndian: true, out _);
        return raw.sqlite3_bind_blob(statement, index, bytes);
    }

    private int BindText(sqlite3_stmt statement, int index)
    {
        var most = Encoding.UTF8.GetMaxByteCount(_text!.Length);
        byte[]? rented = null;
        var bytes = most <= LongestOnStack ? stackalloc byte[LongestOnStack] : rented = ArrayPool<byte>.Shared.Rent(most);
        try
        {
            return raw.sqlite3_bind_text(statement, index, bytes[..Encoding.UTF8.GetBytes(_text, bytes)]);
        }
        finally
        {
            if (rented is not null)
            {
                ArrayPool<byte>.Shared.Return(rented);
            }
        }
    }
}
