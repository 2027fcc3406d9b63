using System.Globalization;

namespace Runtime.Core.Topology;

/// <summary>A set of logical processors, in order of their numbers. Immutable.</summary>
internal sealed class ProcessorSet : IEquatable<ProcessorSet>
{
    // CPU_SETSIZE is 1024; kernels are built for 8192 at most. What is above is a broken file, not a machine.
    private const int Most = 8192;

    private readonly int[] _ids;

    private ProcessorSet(int[] ids) => _ids = ids;

    public static ProcessorSet Empty { get; } = new([]);

    public int Count => _ids.Length;

    public ReadOnlySpan<int> Ids => _ids;

    /// <summary>The lowest number, which names a group of processors; -1 of an empty set.</summary>
    public int First => _ids.Length == 0 ? -1 : _ids[0];

    public static ProcessorSet Of(IEnumerable<int> ids) => new([.. ids.Distinct().Order()]);

    /// <summary>Reads the kernel's list format, e.g. <c>0-3,8,10-11</c> (man 7 cpuset).</summary>
    /// <returns><see langword="null"/> when it is none.</returns>
    public static ProcessorSet? Parse(string text)
    {
        var ids = new List<int>();
        foreach (var part in text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            var dash = part.IndexOf('-', StringComparison.Ordinal);
            if (!TryNumber(dash < 0 ? part : part[..dash], out var first) || !TryNumber(part[(dash + 1)..], out var last) || last < first)
            {
                return null;
            }

            ids.AddRange(Enumerable.Range(first, last - first + 1));
        }

        return Of(ids);
    }

    public bool Contains(int id) => Array.BinarySearch(_ids, id) >= 0;

    public ProcessorSet Intersect(ProcessorSet other) => new(Array.FindAll(_ids, other.Contains));

    /// <summary>As the bits of a <c>cpu_set_t</c> or a node mask: bit n of word n / 64.</summary>
    public ulong[] ToMask()
    {
        var mask = new ulong[_ids.Length == 0 ? 1 : (_ids[^1] / 64) + 1];
        foreach (var id in _ids)
        {
            mask[id / 64] |= 1UL << (id % 64);
        }

        return mask;
    }

    public bool Equals(ProcessorSet? other) => other is not null && _ids.AsSpan().SequenceEqual(other._ids);

    public override bool Equals(object? obj) => Equals(obj as ProcessorSet);

    public override int GetHashCode() => HashCode.Combine(Count, First);

    /// <summary>In the list format.</summary>
    public override string ToString()
    {
        var parts = new List<string>();
        for (var i = 0; i < _ids.Length; i++)
        {
            var first = _ids[i];
            while (i + 1 < _ids.Length && _ids[i + 1] == _ids[i] + 1)
            {
                i++;
            }

            parts.Add(_ids[i] == first ? string.Create(CultureInfo.InvariantCulture, $"{first}") : string.Create(CultureInfo.InvariantCulture, $"{first}-{_ids[i]}"));
        }

        return string.Join(',', parts);
    }

    private static bool TryNumber(string text, out int number) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number) && number < Most;
}
