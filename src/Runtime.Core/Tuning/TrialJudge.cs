using System.Globalization;

namespace Runtime.Core.Tuning;

/// <summary>What can be said of a trial.</summary>
internal enum Verdict
{
    /// <summary>More parts are needed.</summary>
    NotYet,
    Keep,
    Undo,

    /// <summary>Other load, or too much noise: nothing was learned.</summary>
    Inconclusive,
}

/// <summary>Judges a trial by what was before and what is after. Pure functions; the statistics are explained in the README of this folder.</summary>
internal static class TrialJudge
{
    /// <summary>The observations in a window: the fewest that give a usable scatter without making an interval long.</summary>
    public const int Window = 5;

    /// <summary>The most observations before a change, and after it; beyond them the error falls too slowly to wait for.</summary>
    public const int MostParts = 4 * Window;

    // Where harm shows at once, a trial is not carried through.
    private const int FewestParts = 3;
    private const double PlainHarm = 0.1;

    // From here on a window counts as saturated: one part in five may be the exception.
    private const double Saturated = 0.8;

    // Up to here loads are alike.
    private const double AlikeLeast = 0.75;
    private const double AlikeMost = 1 / AlikeLeast;

    /// <summary>Judges.</summary>
    /// <param name="before">The parts before the change, a window of them or more.</param>
    /// <param name="after">The parts since it settled, one or more.</param>
    /// <param name="mustImprove">Of what one must improve.</param>
    /// <returns>The verdict; and why, empty while there is none.</returns>
    public static (Verdict Verdict, string Reason) Judge(IReadOnlyList<TuningSample> before, IReadOnlyList<TuningSample> after, TuningMetrics mustImprove)
    {
        var (was, now) = (TuningSample.Merge(before), TuningSample.Merge(after));
        var last = after.Count >= MostParts;
        var verdict = after.Count < FewestParts ? Verdict.NotYet
            : after.Count < Window ? Early(was, now, before, after)
            : Weigh(was, now, before, after, mustImprove, last);
        return verdict == Verdict.NotYet && last ? (Verdict.Inconclusive, "the noise hides the effect: " + Figures(before, after))
            : verdict == Verdict.NotYet ? (verdict, "")
            : verdict == Verdict.Inconclusive ? (verdict, "the load changed meanwhile: " + Figures(before, after))
            : (verdict, Figures(before, after));
    }

    private static Verdict Early(TuningSample was, TuningSample now, IReadOnlyList<TuningSample> before, IReadOnlyList<TuningSample> after) =>
        was.Saturation >= Saturated && now.Saturation >= Saturated && now.Throughput < was.Throughput * (1 - PlainHarm)
            && MetricRule.All[0].Compare(before, after, last: false) == Effect.Worse
            ? Verdict.Undo
            : Verdict.NotYet;

    private static Verdict Weigh(
        TuningSample was, TuningSample now, IReadOnlyList<TuningSample> before, IReadOnlyList<TuningSample> after, TuningMetrics mustImprove, bool last)
    {
        var (full, stillFull) = (was.Saturation >= Saturated, now.Saturation >= Saturated);
        var effects = MetricRule.All.ToDictionary(static rule => rule.Metric, rule => rule.Compare(before, after, last));
        var offered = was.PerSecond(was.Arrived);
        var alike = offered <= 0 || (now.PerSecond(now.Arrived) / offered) is >= AlikeLeast and <= AlikeMost;
        var throughput = full ? effects[TuningMetrics.Throughput] : stillFull ? Effect.Worse : Effect.Same; // short of saturation it is only what arrived
        var wait = stillFull ? Effect.Same : effects[TuningMetrics.Wait]; // of a queue that grows, waits say only for how long it has

        // While saturated, throughput is capacity, whatever is offered; and what runs faster than all that could be run before is better by any account.
        if (!alike && !(full && (stillFull || throughput == Effect.Better)))
        {
            return Verdict.Inconclusive;
        }

        effects[TuningMetrics.Throughput] = throughput;
        effects[TuningMetrics.Wait] = wait;
        var guards = new[] { throughput, wait, effects[TuningMetrics.RequestLatency] };
        if (guards.Contains(Effect.Worse))
        {
            return Verdict.Undo;
        }

        if (mustImprove == TuningMetrics.None)
        {
            return guards.Contains(Effect.Unclear) ? Verdict.NotYet : Verdict.Keep;
        }

        Effect[] wanted = [.. effects.Where(effect => mustImprove.HasFlag(effect.Key)).Select(static effect => effect.Value)];
        return wanted.Contains(Effect.Better) ? Verdict.Keep
            : wanted.Contains(Effect.Unclear) && !last ? Verdict.NotYet
            : Verdict.Undo;
    }

    private static string Figures(IReadOnlyList<TuningSample> before, IReadOnlyList<TuningSample> after)
    {
        var (was, now) = (Estimate.Of(before.Select(static s => s.Throughput)), Estimate.Of(after.Select(static s => s.Throughput)));
        var (waited, waits) = (TuningSample.Merge(before).AverageWait.TotalMilliseconds, TuningSample.Merge(after).AverageWait.TotalMilliseconds);
        var text = string.Create(
            CultureInfo.InvariantCulture,
            $"throughput went from {was.Mean:0.#} ± {was.Error:0.#} to {now.Mean:0.#} ± {now.Error:0.#} items/s and the wait from {waited:0.#} to {waits:0.#} ms");
        var (earlier, later) = (TuningSample.Merge(before), TuningSample.Merge(after));
        return earlier.Requests > 0 && later.Requests > 0
            ? text + string.Create(CultureInfo.InvariantCulture, $"; requests took {earlier.RequestLatency.TotalMilliseconds:0.##}, then {later.RequestLatency.TotalMilliseconds:0.##} ms")
            : text;
    }
}
