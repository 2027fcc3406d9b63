using Runtime.Core.Tuning;

namespace Runtime.Core.Tests.Tuning;

public sealed class TuningEngineTests
{
    private readonly List<TuningDecision> _decisions = [];
    private readonly List<string> _failures = [];

    [Fact]
    public void MoreThreads_ThatPay_AreKept()
    {
        var (runtime, engine) = Engine(workers: 4);

        Step(engine, Samples.Of(runtime, 0.95, 200, executed: 1000));
        runtime.Workers.ShouldBe(6);
        Step(engine, Samples.Of(runtime, 0.95, 200, executed: 1100));

        runtime.Workers.ShouldBe(6);
        _decisions.Select(static d => (d.Outcome, d.From, d.To)).ShouldBe([(TuningOutcome.Applied, 4, 6), (TuningOutcome.Kept, 4, 6)]);
        _decisions[1].Reason.ShouldBe("throughput went from 200 to 220 items/s and the wait from 200 to 200 ms");
    }

    [Fact]
    public void MoreThreads_ThatPayNothing_AreUndone_AndNotTriedAgainForALongerWhileEachTime()
    {
        var (runtime, engine) = Engine(workers: 4);
        var applied = new List<int>();
        for (var i = 0; i < 60; i++)
        {
            Step(engine, Samples.Of(runtime, 0.95, 200));
            if (_decisions.Count > 0 && _decisions[^1].Outcome == TuningOutcome.Applied && runtime.Workers == 6 && (applied.Count == 0 || applied[^1] != i))
            {
                applied.Add(i);
            }
        }

        runtime.Workers.ShouldBe(4);
        applied.ShouldBe([0, 5, 14, 31]); // rests of 4, 8, 16 samples after each judgement
        _decisions.Count(static d => d.Outcome == TuningOutcome.Undone).ShouldBe(applied.Count);
    }

    [Fact]
    public void FewerThreads_ThatHarm_AreUndone()
    {
        var (runtime, engine) = Engine(workers: 8);

        Step(engine, Samples.Of(runtime, 0.2, 1));
        runtime.Workers.ShouldBe(4);
        Step(engine, Samples.Of(runtime, 0.99, 40));

        runtime.Workers.ShouldBe(8);
        _decisions[^1].Outcome.ShouldBe(TuningOutcome.Undone);
    }

    [Fact]
    public void FewerThreads_ThatDoNoHarm_AreKept()
    {
        var (runtime, engine) = Engine(workers: 8);

        Step(engine, Samples.Of(runtime, 0.2, 1, executed: 1000));
        Step(engine, Samples.Of(runtime, 0.4, 2, executed: 500)); // less came in; nothing waits

        runtime.Workers.ShouldBe(4);
        _decisions[^1].Outcome.ShouldBe(TuningOutcome.Kept);
    }

    [Theory]
    [InlineData(4, 1, 5, 0.95, 200, 5)]
    [InlineData(4, 1, 4, 0.95, 200, 4)]
    [InlineData(8, 6, 8, 0.1, 0, 6)]
    [InlineData(8, 8, 8, 0.1, 0, 8)]
    public void Recommendations_AreBroughtBackToTheBounds(int workers, int least, int greatest, double utilization, double wait, int expected)
    {
        var (runtime, engine) = Engine(workers, least, greatest);

        Step(engine, Samples.Of(runtime, utilization, wait));

        runtime.Workers.ShouldBe(expected);
        _decisions.Count.ShouldBe(expected == workers ? 0 : 1);
    }

    [Fact]
    public void Frozen_RecordsOnce_AndTurnsNothing()
    {
        var (runtime, engine) = Engine(workers: 4);

        for (var i = 0; i < 10; i++)
        {
            engine.Step(Samples.Of(runtime, 0.95, 200), [new ThreadCountStrategy()], frozen: true);
        }

        runtime.Changes.ShouldBe(0);
        _decisions.ShouldHaveSingleItem().Outcome.ShouldBe(TuningOutcome.Frozen);
    }

    [Fact]
    public void OneSample_OneChange()
    {
        var (runtime, engine) = Engine(workers: 4);

        engine.Step(Samples.Of(runtime, 0.95, 200), [new Always(TuningKnob.WorkStealing, 0), new ThreadCountStrategy()], frozen: false);

        runtime.Changes.ShouldBe(1);
        runtime.Stealing.ShouldBeFalse();
    }

    [Fact]
    public void AKnobThatTheUserTurnedMeanwhile_IsNotJudged()
    {
        var (runtime, engine) = Engine(workers: 4);
        Step(engine, Samples.Of(runtime, 0.95, 200));

        runtime.Set(TuningKnob.WorkerThreads, 10);
        Step(engine, Samples.Of(runtime, 0.5, 1));

        runtime.Workers.ShouldBe(10);
        _decisions.ShouldHaveSingleItem();
    }

    [Fact]
    public void AStrategyThatThrows_IsReported_AndTheOthersAreAsked()
    {
        var (runtime, engine) = Engine(workers: 4);

        engine.Step(Samples.Of(runtime, 0.95, 200), [new Throwing(), new ThreadCountStrategy()], frozen: false);

        _failures.ShouldBe(["Throwing: oh"]);
        runtime.Workers.ShouldBe(6);
    }

    [Fact]
    public void DecisionLog_KeepsTheLatest256()
    {
        var log = new DecisionLog();
        for (var i = 0; i < 1000; i++)
        {
            log.Add(new(DateTimeOffset.UnixEpoch, "s", TuningKnob.WorkerThreads, i, i + 1, TuningOutcome.Applied, ""));
        }

        log.ToList().Select(static d => d.From).ShouldBe(Enumerable.Range(744, 256));
    }

    // Work that arrives at a steady rate and spends part of its time on one of a few processors and part of it blocked.
    [Fact]
    public void SteadyLoads_SettleNearTheBestFixedNumberOfThreads()
    {
        for (var seed = 1; seed <= 1000; seed++)
        {
            var random = new Random(seed);
            var (processors, least, greatest) = (random.Next(1, 17), random.Next(1, 3), random.Next(4, 65));
            var runtime = new FakeTunable(random.Next(least, greatest + 1), least, greatest);
            var engine = NewEngine(runtime);
            var load = new Load(10 + (random.NextDouble() * 2000), 0.0005 + (random.NextDouble() * 0.02), random.NextDouble() * 0.05, processors);
            var changesLate = 0;
            var throughput = 0.0;
            for (var i = 0; i < 200; i++)
            {
                var before = runtime.Workers;
                var sample = load.Run(runtime);
                Step(engine, sample);
                changesLate += i >= 100 && runtime.Workers != before ? 1 : 0;
                throughput = i >= 100 ? throughput + sample.Throughput : 0;
            }

            var best = Enumerable.Range(least, greatest - least + 1).Max(load.Capacity);
            (throughput / 100).ShouldBeGreaterThanOrEqualTo(0.9 * best, $"seed {seed}: {load}, bounds {least}–{greatest}");
            changesLate.ShouldBeLessThanOrEqualTo(8, $"seed {seed}: {load}"); // a change and its undoing every 64 samples at most, for each of two directions
        }
    }

    private (FakeTunable Runtime, TuningEngine Engine) Engine(int workers, int least = 1, int greatest = 64)
    {
        var runtime = new FakeTunable(workers, least, greatest);
        return (runtime, NewEngine(runtime));
    }

    private TuningEngine NewEngine(FakeTunable runtime) => new(runtime, new ManualTime(), _decisions.Add, (name, exception) => _failures.Add($"{name}: {exception.Message}"));

    private static void Step(TuningEngine engine, TuningSample sample) => engine.Step(sample, [new ThreadCountStrategy(), new WorkStealingStrategy()], frozen: false);

    private sealed record Load(double Rate, double Computing, double Blocked, int Processors)
    {
        public double Capacity(int threads) => Math.Min(Rate, Math.Min(Processors / Computing, threads / (Computing + Blocked)));

        public TuningSample Run(FakeTunable runtime)
        {
            var threads = runtime.Get(TuningKnob.WorkerThreads);
            var done = Capacity(threads);
            var saturated = done < Rate * 0.999;
            var utilization = saturated ? 1 : Math.Min(1, done * (Computing + Blocked) / threads);

            // An open queue grows while it is saturated; near saturation it waits a little.
            return Samples.Of(runtime, utilization, saturated ? 1000 : 2 * utilization, executed: (long)(done * 5), waiting: saturated ? 1000 : 0);
        }
    }

    private sealed class Always(TuningKnob knob, int to) : IOptimizationStrategy
    {
        public string Name => "Always";

        public OptimizationRecommendation? Analyze(TuningSample sample) => new(knob, to, "always");
    }

    private sealed class Throwing : IOptimizationStrategy
    {
        public string Name => "Throwing";

        public OptimizationRecommendation? Analyze(TuningSample sample) => throw new InvalidOperationException("oh");
    }
}
