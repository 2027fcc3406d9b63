using Runtime.Core.Tuning;
using Xunit.Abstractions;

namespace Runtime.Core.Tests.Tuning.Simulation;

/// <summary>The tuner left alone with loads, on virtual time. A failure names kind and seed; the same seed gives the same run.</summary>
public sealed class SimulatedLoadTests(ITestOutputHelper output)
{
    private const int Seeds = 12;

    public static TheoryData<string> Kinds => [.. SimulatedLoad.Kinds.Keys];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void AllStrategies_SettleWithinATenthOfTheBestFixedCount_AndDoNotSwing(string kind)
    {
        for (var seed = 1; seed <= Seeds; seed++)
        {
            var (load, knobs) = Scene(kind, seed);
            var run = SimulatedRun.Of(load, seed, knobs, [.. AsyncRuntimeOptionsRules.Strategies]);
            var (best, count) = BestFixed(load, seed);
            var share = run.Settled(load) / best;
            var turns = run.Turns(DateTimeOffset.UnixEpoch + TimeSpan.FromHours(1));
            output.WriteLine($"{kind}, seed {seed}: {share:P1} of the best fixed count ({count}); ended at {knobs.Workers} workers; {run.Decisions.Count(static d => d.Outcome == TuningOutcome.Applied)} trials, {turns} turns in the second hour");

            share.ShouldBeGreaterThanOrEqualTo(0.9, $"{kind}, seed {seed}: {load}");
            run.Knobs.OutOfBounds.ShouldBeEmpty();
            run.Failures.ShouldBeEmpty();
            EveryTrialEndsOnce(run.Decisions);
            turns.ShouldBeLessThanOrEqualTo(load.Phases.Length > 1 ? 12 : 4, $"{kind}, seed {seed}: {string.Join('\n', run.Decisions)}");
        }
    }

    [Theory]
    [InlineData("cpu-bound")]
    [InlineData("blocking")]
    [InlineData("mixed")]
    public void HillClimbing_BeatsTheSourceRule(string kind)
    {
        var (climbing, rule) = (0.0, 0.0);
        for (var seed = 1; seed <= Seeds; seed++)
        {
            var (load, knobs) = Scene(kind, seed);
            var best = BestFixed(load, seed).Done;
            climbing += SimulatedRun.Of(load, seed, knobs, "HillClimbing").Settled(load) / best;
            rule += SimulatedRun.Of(load, seed, Scene(kind, seed).Knobs, "ThreadCount").Settled(load) / best;
        }

        output.WriteLine($"{kind}: hill climbing {climbing / Seeds:P1}, the source rule {rule / Seeds:P1} of the best fixed count");
        climbing.ShouldBeGreaterThanOrEqualTo(rule * 0.995);
        (climbing / Seeds).ShouldBeGreaterThanOrEqualTo(0.93);
    }

    // From one applied trial to its end there is no other, every one has exactly one end, and what is not kept is as it was before.
    private static void EveryTrialEndsOnce(IReadOnlyList<TuningDecision> decisions)
    {
        TuningDecision? open = null;
        foreach (var decision in decisions.Where(static decision => decision.Trial > 0))
        {
            if (decision.Outcome == TuningOutcome.Applied)
            {
                open.ShouldBeNull();
                open = decision;
            }
            else
            {
                decision.Trial.ShouldBe(open!.Trial);
                if (decision.Outcome is TuningOutcome.Undone or TuningOutcome.Inconclusive)
                {
                    decision.To.ShouldBe(open.From);
                }

                open = null;
            }
        }

        open.ShouldBeNull();
    }

    private static (SimulatedLoad Load, FakeTunable Knobs) Scene(string kind, int seed)
    {
        var random = new Random(seed);
        var load = SimulatedLoad.Kinds[kind](random);
        return (load, new FakeTunable(random.Next(1, 65)));
    }

    private static (double Done, int Count) BestFixed(SimulatedLoad load, int seed) =>
        Enumerable.Range(1, 64).Select(count => (SimulatedRun.Of(load, seed, new FakeTunable(count)).Settled(load), count)).MaxBy(static run => run.Item1);
}
