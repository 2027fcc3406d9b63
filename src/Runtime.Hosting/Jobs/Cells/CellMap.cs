using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Runtime.Hosting.Jobs;

/// <summary>Which cell the jobs of a <see cref="JobOptions.ShardBy"/> go to: the one with the highest weight for it (rendezvous hashing; Thaler and Ravishankar 1998), so a cell that is added takes its share from all others and moves nothing else.</summary>
/// <remarks>Immutable. The answer is the same in every process and version: stores depend on it.</remarks>
internal sealed class CellMap
{
    private readonly int[] _numbers;
    private readonly Func<string, int?>? _place;

    /// <param name="numbers">The cells that take new jobs, lowest first; one at least.</param>
    /// <param name="place">Names the cell of a value; <see langword="null"/>, or its answer: by hash.</param>
    public CellMap(IEnumerable<int> numbers, Func<string, int?>? place) => (_numbers, _place) = ([.. numbers], place);

    /// <summary>Gets the cell of all jobs without a value: one, since keys and limits among them hold in one store.</summary>
    public int Home => _numbers[0];

    public int Of(string? shardBy)
    {
        if (shardBy is null)
        {
            return Home;
        }

        if (Placed(shardBy) is { } placed)
        {
            return _numbers.Contains(placed)
                ? placed
                : throw new InvalidOperationException($"ShardBy '{JobRules.Shown(shardBy)}' was placed in cell {placed}; it must be one of those that take new jobs: {string.Join(", ", _numbers)}. Mend what places it, or let it return null.");
        }

        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(shardBy), hash);
        var key = BinaryPrimitives.ReadUInt64BigEndian(hash);
        return _numbers.MaxBy(number => Mix(key ^ Mix((ulong)number + 1)));
    }

    private int? Placed(string shardBy)
    {
        try
        {
            return _place?.Invoke(shardBy);
        }
        catch (Exception exception)
        {
            throw new InvalidOperationException($"What places a ShardBy in a cell threw for '{JobRules.Shown(shardBy)}': {exception.Message} Mend it, or let it return null.", exception);
        }
    }

    // The finalizer of SplitMix64 (Steele, Lea, Flood 2014).
    internal static ulong Mix(ulong x)
    {
        x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
        x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
        return x ^ (x >> 31);
    }
}
