using System.Globalization;
using System.Runtime.InteropServices;

namespace Runtime.Benchmarks.IO;

/// <summary>One run of a load: what came back, in how long, and how late.</summary>
/// <param name="RoundTrips">Messages answered.</param>
/// <param name="Seconds">From the first message to the last answer.</param>
/// <param name="P50">Microseconds.</param>
/// <param name="P99">Microseconds.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct LoadResult(long RoundTrips, double Seconds, double P50, double P99)
{
    public double Rate => RoundTrips / Seconds;

    public static LoadResult Parse(string line)
    {
        double[] values = [.. line.Split(' ').Select(static word => double.Parse(word, CultureInfo.InvariantCulture))];
        return new LoadResult((long)values[0], values[1], values[2], values[3]);
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{RoundTrips} {Seconds} {P50} {P99}");
}
