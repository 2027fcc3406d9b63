using System.Globalization;
using System.Runtime.InteropServices;

namespace Runtime.Benchmarks.Web;

/// <summary>One run of a load.</summary>
/// <param name="Offered">Requests that were due.</param>
/// <param name="Answered">Those of them that were answered.</param>
/// <param name="P50">Microseconds, the unanswered counted with the time they waited.</param>
/// <param name="P99">Microseconds.</param>
/// <param name="P999">Microseconds.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct WebResult(long Offered, long Answered, double P50, double P99, double P999)
{
    public static WebResult Parse(string line)
    {
        double[] values = [.. line.Split(' ').Select(static word => double.Parse(word, CultureInfo.InvariantCulture))];
        return new WebResult((long)values[0], (long)values[1], values[2], values[3], values[4]);
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Offered} {Answered} {P50} {P99} {P999}");
}
