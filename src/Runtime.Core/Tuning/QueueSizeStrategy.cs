using System.Globalization;

namespace Runtime.Core.Tuning;

/// <summary>Under lasting overload, shortens the queues that reject: what is refused at once need not wait for seconds first. Back when there is room again.</summary>
/// <remarks>
/// By Little's law a full queue only delays: its wait is its length over the rate at which it drains, and that rate does not depend on the length. Never above
/// the configured capacity. Queues that wait or drop are left alone: the one would only wait elsewhere, the other lose what was accepted.
/// </remarks>
internal sealed class QueueSizeStrategy : IOptimizationStrategy
{
    private const double NearlyFull = 0.8;
    private const double HasRoom = 0.5;

    // As long as the starvation threshold by default: whoever waits longer is in trouble by the runtime's own account.
    private static readonly TimeSpan TooLong = TimeSpan.FromSeconds(5);

    // Far from too long, so that the way back does not lead to where it came from.
    private static readonly TimeSpan Short = TimeSpan.FromSeconds(1);

    public string Name => "QueueSize";

    public OptimizationRecommendation? Analyze(TuningSample sample)
    {
        if (!sample.Knobs.TryGetValue(TuningKnob.QueueCapacity, out var capacity))
        {
            return null;
        }

        if (sample.QueueFill >= NearlyFull && sample.QueueWait > TooLong)
        {
            return new(TuningKnob.QueueCapacity, Math.Max(1, capacity.Value / 2), string.Create(
                CultureInfo.InvariantCulture, $"the queue is {sample.QueueFill * 100:0} % full and its oldest item has waited {sample.QueueWait.TotalSeconds:0.#} s"))
            {
                MustImprove = TuningMetrics.QueueWait,
                Settle = sample.QueueWait, // what is above the new capacity must drain first
            };
        }

        var burst = sample.Refused > 0 && sample.QueueWait < Short;
        var calm = sample.Refused == 0 && sample.QueueFill < HasRoom;
        return capacity.Value < capacity.Configured && (burst || calm)
            ? new(TuningKnob.QueueCapacity, Math.Min(capacity.Configured, capacity.Value * 2), string.Create(
                CultureInfo.InvariantCulture, $"{sample.Refused} items were refused and the oldest one has waited {sample.QueueWait.TotalSeconds:0.#} s"))
            : null;
    }
}
