namespace Runtime.Hosting.Lifetime;

/// <summary>Lets so many reports through in a span of time. Not thread safe: for one reporting thread.</summary>
internal sealed class ReportBudget(int most, TimeSpan span, TimeProvider time)
{
    private long _spanBegan = time.GetTimestamp();
    private int _taken;

    /// <summary>Takes one report of the present span.</summary>
    /// <returns><see langword="false"/> when there is none left.</returns>
    public bool TryTake()
    {
        if (time.GetElapsedTime(_spanBegan) >= span)
        {
            _spanBegan = time.GetTimestamp();
            _taken = 0;
        }

        return _taken++ < most;
    }
}
