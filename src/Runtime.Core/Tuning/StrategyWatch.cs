namespace Runtime.Core.Tuning;

/// <summary>Knows which strategy of the user is being asked, and since when. A strategy that does not return ends all tuning, and somebody is to say so.</summary>
/// <remarks>Written by whoever runs strategies, one at a time; read by anyone.</remarks>
internal sealed class StrategyWatch(TimeProvider clock)
{
    private volatile Stay? _inside;

    /// <summary>Who is being asked, and for how long so far.</summary>
    public (string Strategy, TimeSpan For)? Inside => _inside is { } stay ? (stay.Strategy, clock.GetElapsedTime(stay.Since)) : null;

    public void Enter(string strategy) => _inside = new(strategy, clock.GetTimestamp());

    public void Leave() => _inside = null;

    private sealed record Stay(string Strategy, long Since);
}
