using System.Runtime.InteropServices;

namespace Runtime.Core.Tuning;

/// <summary>A mean, and how far off it may be.</summary>
/// <param name="Mean">The mean of the observations.</param>
/// <param name="Error">Its standard error: their scatter over the root of their number; 0 for fewer than two.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct Estimate(double Mean, double Error)
{
    /// <summary>Estimates from observations.</summary>
    public static Estimate Of(IEnumerable<double> observations)
    {
        // Welford: sums of squares would lose all digits of a steady rate.
        var (count, mean, squares) = (0, 0.0, 0.0);
        foreach (var observation in observations)
        {
            count++;
            var off = observation - mean;
            mean += off / count;
            squares += off * (observation - mean);
        }

        return new(mean, count < 2 ? 0 : Math.Sqrt(squares / (count - 1) / count));
    }

    /// <summary>The standard error of the difference of two estimates (Welch).</summary>
    public double ErrorOfDifference(Estimate other) => Math.Sqrt((Error * Error) + (other.Error * other.Error));
}
