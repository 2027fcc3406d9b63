using System.Runtime.InteropServices;

namespace Runtime.Hosting.Queues;

/// <summary>How long items run: mean and variance, in which the latest count most.</summary>
/// <remarks>
/// Not thread safe: under the queue's lock. Exponentially weighted (West 1979, "Updating mean and variance estimates"): the plain mean of the first items, then a window of some
/// <see cref="Window"/> of them, so that a change of load is followed within so many. Times are timestamp ticks.
/// </remarks>
[StructLayout(LayoutKind.Auto)]
internal struct RunTimes
{
    /// <summary>Before so many nothing is said: the standard deviation of so few is off by an eighth.</summary>
    public const int Enough = 32;

    private const int Window = 128;

    private int _count;

    public double Mean { get; private set; }

    public double Variance { get; private set; }

    public readonly bool IsKnown => _count >= Enough;

    public void Add(long ticks)
    {
        if (_count < Window)
        {
            _count++;
        }

        var weight = 1.0 / _count;
        var delta = ticks - Mean;
        Mean += weight * delta;
        Variance = (1 - weight) * (Variance + (weight * delta * delta));
    }
}
