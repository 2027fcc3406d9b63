using System.Globalization;

namespace Runtime.Core.Tuning;

/// <summary>Has the workers stand further back while requests take longer than they did and workers are busy; forward again when requests are quick.</summary>
/// <remarks>Needs someone who measures requests (a web server in the process). Starts from the configured level, and <see cref="WorkerIsolation.None"/> stays none.</remarks>
internal sealed class IsolationStrategy : IOptimizationStrategy
{
    // Requests take half as long again as when they were quick, and a millisecond: less is noise.
    private const double Slow = 1.5;
    private static readonly TimeSpan Noticeable = TimeSpan.FromMilliseconds(1);

    // Quick again: nearer to the floor than halfway to slow.
    private const double Quick = 1.2;

    // Workers that do little cannot be what slows requests down.
    private const double Busy = 0.5;
    private const double Calm = 0.3;

    // The floor rises by this in a window, lest one lucky window be the measure for ever: doubled in 70.
    private const double Rise = 1.01;

    // Fewer requests than this have no mean worth the name.
    private const long LeastRequests = 20;

    // So many windows in a row without requests, and they have ended.
    private const int WindowsUntilEnded = 3;

    // Windows in a row with fewer requests than have a mean.
    private int _quiet;

    // The latency of quick requests.
    private TimeSpan? _floor;

    public string Name => "Isolation";

    public OptimizationRecommendation? Analyze(TuningSample sample)
    {
        if (!sample.Knobs.TryGetValue(TuningKnob.Isolation, out var level))
        {
            return null;
        }

        _quiet = sample.Requests < LeastRequests ? _quiet + 1 : 0;
        if (_quiet > 0)
        {
            return _quiet >= WindowsUntilEnded && level.Value > level.Configured
                ? new(TuningKnob.Isolation, level.Configured, "hardly a request has come for a while, and nobody is to be stood back for")
                : null;
        }

        var latency = sample.RequestLatency;
        var floor = _floor is { } known && known * Rise < latency ? known * Rise : latency;
        _floor = floor;
        var figures = string.Create(
            CultureInfo.InvariantCulture,
            $"requests took {latency.TotalMilliseconds:0.##} ms, at best {floor.TotalMilliseconds:0.##} ms, and workers were busy {sample.Utilization * 100:0} % of the time");
        if (latency > floor * Slow && latency > floor + Noticeable && sample.Utilization > Busy)
        {
            return new(TuningKnob.Isolation, level.Value + 1, figures) { MustImprove = TuningMetrics.RequestLatency };
        }

        return level.Value > level.Configured && latency < floor * Quick && sample.Utilization < Calm ? new(TuningKnob.Isolation, level.Value - 1, figures) : null;
    }
}
