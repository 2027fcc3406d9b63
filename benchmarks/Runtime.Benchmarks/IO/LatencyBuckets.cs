using System.Diagnostics;
using System.Numerics;

namespace Runtime.Benchmarks.IO;

/// <summary>Counts latencies in buckets of 1.6 % width; adding one is a few instructions.</summary>
internal sealed class LatencyBuckets
{
    // 64 buckets for each power of two.
    private const int Bits = 6;

    private readonly long[] _counts = new long[(64 - Bits + 1) << Bits];

    public long Count { get; private set; }

    public void Add(long ticks)
    {
        Count++;
        _counts[IndexOf(Math.Max(0, ticks))]++;
    }

    public void Clear()
    {
        Count = 0;
        Array.Clear(_counts);
    }

    /// <summary>In microseconds, the upper end of its bucket.</summary>
    public double Quantile(double quantile)
    {
        var left = (long)Math.Ceiling(quantile * Count);
        for (var index = 0; index < _counts.Length; index++)
        {
            left -= _counts[index];
            if (left <= 0)
            {
                return UpperOf(index) * 1e6 / Stopwatch.Frequency;
            }
        }

        return double.NaN;
    }

    private static int IndexOf(long value)
    {
        var shift = Math.Max(0, BitOperations.Log2((ulong)value | 1) - Bits);
        return (shift << Bits) + (int)(value >> shift);
    }

    private static double UpperOf(int index)
    {
        var shift = Math.Max(0, (index >> Bits) - 1);
        return ((double)(index - (shift << Bits)) + 1) * (1L << shift);
    }
}
