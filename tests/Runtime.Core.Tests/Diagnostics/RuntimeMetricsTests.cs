using System.Diagnostics.Metrics;
using Runtime.Core.Diagnostics;
using Runtime.Core.Lifecycle;

namespace Runtime.Core.Tests.Diagnostics;

public sealed class RuntimeMetricsTests
{
    [Fact]
    public void Instruments_ShowTheSnapshot()
    {
        var counts = new long[DurationHistogram.BucketCount];
        counts[10] = 99;
        counts[20] = 1;
        var times = new DurationHistogram(counts, TimeSpan.FromSeconds(1));
        var snapshot = Snapshots.Empty with
        {
            State = RuntimeState.Running,
            Accepted = 10,
            Finished = 9,
            Failed = 2,
            Cancelled = 3,
            Executed = 50,
            ForcedYields = 7,
            ThrottledTime = TimeSpan.FromSeconds(1.25),
            QueueDepth = [1, 2, 3, 4, 5],
            InjectorDepth = 6,
            LongestWait = TimeSpan.FromSeconds(1.5),
            WaitTime = times,
            Workers = [Snapshots.Worker(7) with { Executed = 50, Busy = TimeSpan.FromSeconds(2), Steals = 3 }],
            Timers = Snapshots.Empty.Timers with { Active = 4, Fired = 5, Overdue = TimeSpan.FromSeconds(2) },
            BlockingThreads = 8,
        };

        var seen = Collect(new RuntimeMetrics(() => snapshot));

        seen["async_runtime.state"].ShouldBe(2);
        seen["async_runtime.work.accepted"].ShouldBe(10);
        seen["async_runtime.work.finished{outcome=succeeded}"].ShouldBe(4);
        seen["async_runtime.work.finished{outcome=failed}"].ShouldBe(2);
        seen["async_runtime.work.finished{outcome=cancelled}"].ShouldBe(3);
        seen["async_runtime.scheduler.executed"].ShouldBe(50);
        seen["async_runtime.scheduler.forced_yields"].ShouldBe(7);
        seen["async_runtime.scheduler.depth{priority=critical}"].ShouldBe(1);
        seen["async_runtime.scheduler.depth{priority=high}"].ShouldBe(2);
        seen["async_runtime.scheduler.depth{priority=normal}"].ShouldBe(3);
        seen["async_runtime.scheduler.depth{priority=low}"].ShouldBe(4);
        seen["async_runtime.scheduler.depth{priority=background}"].ShouldBe(5);
        seen["async_runtime.scheduler.injector_depth"].ShouldBe(6);
        seen["async_runtime.scheduler.longest_wait"].ShouldBe(1.5);
        seen["async_runtime.scheduler.wait.p50"].ShouldBe(0.001024);
        seen["async_runtime.scheduler.wait.p99"].ShouldBe(0.001024);
        seen["async_runtime.scheduler.run.p50"].ShouldBe(0);
        seen["async_runtime.workers"].ShouldBe(1);
        seen["async_runtime.workers.throttled"].ShouldBe(1.25);
        seen["async_runtime.worker.executed{worker=0}"].ShouldBe(50);
        seen["async_runtime.worker.busy{worker=0}"].ShouldBe(2);
        seen["async_runtime.worker.steals{worker=0}"].ShouldBe(3);
        seen["async_runtime.timers.active"].ShouldBe(4);
        seen["async_runtime.timers.fired"].ShouldBe(5);
        seen["async_runtime.timers.overdue"].ShouldBe(2);
        seen["async_runtime.blocking.threads"].ShouldBe(8);
    }

    [Fact]
    public void Quantiles_AreOfTheTimeSinceTheCollectionBefore()
    {
        var counts = new long[DurationHistogram.BucketCount];
        counts[20] = 1000;
        var snapshot = Snapshots.Empty with { RunTime = new(counts, TimeSpan.FromSeconds(1000)) };
        var metrics = new RuntimeMetrics(() => snapshot);
        Collect(metrics, dispose: false)["async_runtime.scheduler.run.p50"].ShouldBe(1.048576);

        counts = [.. counts];
        counts[5] = 10;
        snapshot = snapshot with { RunTime = new(counts, TimeSpan.FromSeconds(1000)) };

        Collect(metrics)["async_runtime.scheduler.run.p50"].ShouldBe(0.000032);
    }

    [Fact]
    public void OneCollection_ReadsOneSnapshot()
    {
        var reads = 0;
        var metrics = new RuntimeMetrics(() =>
        {
            reads++;
            return Snapshots.Empty;
        });

        Collect(metrics);

        reads.ShouldBe(1);
    }

    [Fact]
    public void WithAFactory_TheMeterIsTheFactorys()
    {
        using var factory = new Factory();

        using (var metrics = new RuntimeMetrics(static () => Snapshots.Empty, factory))
        {
        }

        factory.Asked.ShouldBe(["AsyncRuntime"]);
        factory.Disposed.ShouldBe(0); // it may serve others
    }

    private static Dictionary<string, double> Collect(RuntimeMetrics metrics, bool dispose = true)
    {
        var seen = new Dictionary<string, double>();
        using (var listener = new MeterListener())
        {
            listener.InstrumentPublished = (instrument, self) =>
            {
                if (instrument.Meter == metrics.Meter)
                {
                    self.EnableMeasurementEvents(instrument);
                }
            };
            listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => seen.Add(instrument.Name + Text(tags), value));
            listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => seen.Add(instrument.Name + Text(tags), value));
            listener.Start();
            listener.RecordObservableInstruments();
        }

        if (dispose)
        {
            metrics.Dispose();
        }

        return seen;
    }

    private static string Text(ReadOnlySpan<KeyValuePair<string, object?>> tags) =>
        tags.Length == 0 ? "" : "{" + string.Join(',', tags.ToArray().Select(static tag => $"{tag.Key}={tag.Value}")) + "}";

    private sealed class Factory : IMeterFactory
    {
        public List<string> Asked { get; } = [];

        public int Disposed { get; private set; }

        public Meter Create(MeterOptions options)
        {
            Asked.Add(options.Name);
            return new Meter(options);
        }

        public void Dispose() => Disposed++;
    }
}
