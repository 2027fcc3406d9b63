namespace Runtime.Benchmarks.Latency;

/// <summary>The samples of one contender, in microseconds.</summary>
internal sealed class LatencySeries(string name)
{
    private readonly List<double> _started = [];
    private readonly List<double> _returned = [];

    public string Name => name;

    /// <summary>Gets the times from the call to the first line of the item.</summary>
    public IReadOnlyList<double> Started => _started;

    /// <summary>Gets the times that the call itself took.</summary>
    public IReadOnlyList<double> Returned => _returned;

    public void Add((double Started, double Returned) sample)
    {
        _started.Add(sample.Started);
        _returned.Add(sample.Returned);
    }
}
