using System.Globalization;
using System.Runtime.InteropServices;

namespace Runtime.Benchmarks.Scheduler.Tokio;

/// <summary>All counted measurements of one shape; none when the shape did not end.</summary>
internal sealed record TokioSeries(string Name, IReadOnlyList<TokioMeasurement> Measurements);

/// <summary>One measurement, per operation.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct TokioMeasurement(double Nanoseconds, double Processor, double Switches)
{
    public static TokioMeasurement Parse(string line)
    {
        var fields = line.Split('\t');
        return new TokioMeasurement(Number(fields[0]), Number(fields[1]), Number(fields[2]));
    }

    private static double Number(string text) => double.Parse(text, CultureInfo.InvariantCulture);
}
