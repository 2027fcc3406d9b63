using Runtime.Core.Tuning;

namespace Runtime.Core.Tests.Tuning;

public sealed class EstimateTests
{
    private readonly FakeTunable _runtime = new(4);

    [Fact]
    public void Of_Observations_IsTheirMeanAndItsError()
    {
        var estimate = Estimate.Of([2, 4, 4, 4, 5, 5, 7, 9]);

        estimate.Mean.ShouldBe(5, 1e-12);
        estimate.Error.ShouldBe(Math.Sqrt(32.0 / 7 / 8), 1e-12);
        Estimate.Of([3]).ShouldBe(new Estimate(3, 0));
    }

    // A change that does nothing must be undone, whatever the noise: the share of false gains over all looks stays small.
    [Theory]
    [InlineData(0.02)]
    [InlineData(0.05)]
    [InlineData(0.2)]
    public void Judge_OfNoEffect_SeldomSeesAGain(double noise)
    {
        const int Trials = 2000;
        var random = new Random(7);
        var gains = Enumerable.Range(0, Trials).Count(_ => Verdict(random, noise, effect: 0) == Runtime.Core.Tuning.Verdict.Keep);

        ((double)gains / Trials).ShouldBeLessThan(0.05, $"noise {noise}, seed 7");
    }

    [Theory]
    [InlineData(0.02, 0.2)]
    [InlineData(0.05, 0.3)]
    public void Judge_OfAClearGain_SeldomMissesIt(double noise, double effect)
    {
        const int Trials = 2000;
        var random = new Random(7);
        var gains = Enumerable.Range(0, Trials).Count(_ => Verdict(random, noise, effect) == Runtime.Core.Tuning.Verdict.Keep);

        ((double)gains / Trials).ShouldBeGreaterThan(0.95, $"noise {noise}, effect {effect}, seed 7");
    }

    private Verdict Verdict(Random random, double noise, double effect)
    {
        TuningSample[] before = [.. Enumerable.Range(0, TrialJudge.Window).Select(_ => Part(0))];
        var after = new List<TuningSample>();
        while (true)
        {
            after.Add(Part(effect));
            if (TrialJudge.Judge(before, after, TuningMetrics.Throughput).Verdict is var verdict and not Runtime.Core.Tuning.Verdict.NotYet)
            {
                return verdict;
            }
        }

        TuningSample Part(double gain)
        {
            var normal = Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
            return Samples.Saturated(_runtime, (long)Math.Max(1, 10_000 * (1 + gain) * (1 + (noise * normal))));
        }
    }
}
