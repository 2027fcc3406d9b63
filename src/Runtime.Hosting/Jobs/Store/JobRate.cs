using System.Globalization;
using System.Runtime.InteropServices;

namespace Runtime.Hosting.Jobs;

/// <summary>How many jobs may start in any span of time of a length.</summary>
/// <param name="Limit">How many; 1 or more.</param>
/// <param name="Period">The length of the span; more than zero.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct JobRate(int Limit, TimeSpan Period)
{
    /// <summary>Says it in words, for the reason of a job that waits.</summary>
    /// <returns>E.g. <c>10 starts in 00:01:00</c>.</returns>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Limit} {(Limit == 1 ? "start" : "starts")} in {Period:c}");
}
