using System.Diagnostics;

namespace Runtime.Benchmarks.Queue;

/// <summary>Burns processor time that no other thread can help with: items that do something.</summary>
internal sealed class Burner
{
    private const int Trial = 2_000_000;
    private readonly int _steps;

    /// <summary>Calibrates itself on the calling thread.</summary>
    public Burner(double microseconds)
    {
        var best = double.MaxValue;
        for (var i = 0; i < 5; i++)
        {
            var began = Stopwatch.GetTimestamp();
            GC.KeepAlive(Run(Trial));
            best = Math.Min(best, Stopwatch.GetElapsedTime(began).TotalMicroseconds);
        }

        _steps = (int)(microseconds * Trial / best);
    }

    public ulong Run() => Run(_steps);

    private static ulong Run(int steps)
    {
        // A multiplicative generator: each step needs the one before.
        ulong state = 1;
        for (var i = 0; i < steps; i++)
        {
            state = (state * 6_364_136_223_846_793_005UL) + 1_442_695_040_888_963_407UL;
        }

        return state;
    }
}
