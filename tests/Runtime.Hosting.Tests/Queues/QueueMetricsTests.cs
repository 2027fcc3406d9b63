using System.Diagnostics.Metrics;
using Runtime.Core;
using Runtime.Hosting.Queues;
using Runtime.Hosting.Tests.Support;

namespace Runtime.Hosting.Tests.Queues;

public sealed class QueueMetricsTests
{
    private static ValueTask Nothing(CancellationToken ct) => ValueTask.CompletedTask;

    [Fact]
    public async Task Items_OfEveryOutcome_AreCountedUnderIt()
    {
        await using var rig = await QueueRig.StartSerialAsync(static options =>
        {
            options.Queue.FullMode = QueueFullMode.DropOldest;
            options.Queue.Capacity = 3;
        });
        await (await rig.Queue.EnqueueAsync(Nothing)).Completion.Guard();
        await (await rig.Queue.EnqueueAsync(Nothing)).Completion.Guard();
        await Should.ThrowAsync<InvalidOperationException>(async () => await await rig.Queue.EnqueueAsync(static ct => ValueTask.FromException(new InvalidOperationException())));
        var gate = await rig.HoldAsync();
        (await rig.Queue.EnqueueAsync(Nothing)).Cancel();
        for (var i = 0; i < 5; i++)
        {
            await rig.Queue.EnqueueAsync(Nothing, new EnqueueOptions { Priority = (TaskPriority)i });
        }

        using var collected = new Collected(rig);
        collected.Observe();

        collected["async_runtime.queue.accepted", "default"].ShouldBe(10);
        collected["async_runtime.queue.items", "default", "succeeded"].ShouldBe(2);
        collected["async_runtime.queue.items", "default", "failed"].ShouldBe(1);
        collected["async_runtime.queue.items", "default", "cancelled"].ShouldBe(1);
        collected["async_runtime.queue.items", "default", "dropped"].ShouldBe(2);
        collected["async_runtime.queue.items", "default", "abandoned"].ShouldBe(0);
        collected["async_runtime.queue.depth", "default", "critical"].ShouldBe(0);
        collected["async_runtime.queue.depth", "default", "high"].ShouldBe(0);
        collected["async_runtime.queue.depth", "default", "normal"].ShouldBe(1);
        collected["async_runtime.queue.depth", "default", "low"].ShouldBe(1);
        collected["async_runtime.queue.depth", "default", "background"].ShouldBe(1);
        collected["async_runtime.queue.running", "default"].ShouldBe(1);
        collected["async_runtime.queue.capacity", "default"].ShouldBe(3);
        collected["async_runtime.queue.max_concurrency", "default"].ShouldBe(1);
        collected["async_runtime.queue.waiters", "default"].ShouldBe(0);
        collected["async_runtime.queue.starvation_boosts", "default"].ShouldBe(0);
        gate.Open();
    }

    [Fact]
    public async Task Items_AbandonedAndRejected_AreCounted()
    {
        await using var rig = await QueueRig.StartSerialAsync(static options => options.Queue.Capacity = 1);
        var gate = await rig.HoldAsync();
        await rig.Queue.EnqueueAsync(Nothing);
        rig.Queue.TryEnqueue(Nothing, out _).ShouldBeFalse();
        await rig.Queue.StopAsync(TimeSpan.Zero, TimeSpan.Zero, CancellationToken.None).Guard();
        using var collected = new Collected(rig);

        collected.Observe();

        collected["async_runtime.queue.items", "default", "abandoned"].ShouldBe(1);
        collected["async_runtime.queue.rejected", "default"].ShouldBe(1);
        collected["async_runtime.queue.rejected_late", "default"].ShouldBe(0);
        gate.Open();
        await gate.Handle.Completion.Guard();
    }

    [Fact]
    public async Task Instruments_OfOneCollectionWhileWorkFlows_AddUp()
    {
        await using var rig = await QueueRig.StartAsync(static options => options.Queue.Capacity = 500);
        using var collected = new Collected(rig);
        using var stop = new CancellationTokenSource();
        var producer = Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
            {
                await rig.Queue.EnqueueAsync(static async ct => await Task.Yield());
            }
        });

        for (var round = 0; round < 200; round++)
        {
            collected.Observe();
            var sum = collected.Sum("async_runtime.queue.items") + collected.Sum("async_runtime.queue.depth") + collected.Sum("async_runtime.queue.running");
            sum.ShouldBe(collected.Sum("async_runtime.queue.accepted"));
        }

        await stop.CancelAsync();
        await producer.Guard();
    }

    [Fact]
    public async Task Durations_OfAnItem_AreRecordedInSecondsWithQueueAndPriority()
    {
        var clock = new ManualClock();
        await using var rig = await QueueRig.StartSerialAsync(clock: clock);
        using var collected = new Collected(rig);
        var gate = await rig.HoldAsync();
        var release = Signals.New();
        var started = Signals.New();
        var handle = await rig.Queue.EnqueueAsync(
            async ct =>
            {
                started.SetResult();
                await release.Task;
            },
            new EnqueueOptions { Priority = TaskPriority.Low });
        clock.Advance(TimeSpan.FromSeconds(2));
        gate.Open();
        await started.Task.Guard();
        clock.Advance(TimeSpan.FromSeconds(3));
        release.SetResult();
        await handle.Completion.Guard();

        collected["async_runtime.queue.wait.duration", "default", "low"].ShouldBe(2);
        collected["async_runtime.queue.run.duration", "default", "low"].ShouldBe(3);
    }

    [Fact]
    public async Task Lateness_OfAnItemThatMissedItsDeadline_IsRecordedAndCounted()
    {
        var clock = new ManualClock();
        await using var rig = await QueueRig.StartSerialAsync(clock: clock);
        using var collected = new Collected(rig);
        var gate = await rig.HoldAsync();
        var late = await rig.Queue.EnqueueAsync(Nothing, new EnqueueOptions { Deadline = TimeSpan.FromSeconds(2) });
        var punctual = await rig.Queue.EnqueueAsync(Nothing, new EnqueueOptions { Deadline = TimeSpan.FromSeconds(9) });
        clock.Advance(TimeSpan.FromSeconds(5));
        gate.Open();
        await Task.WhenAll(late.Completion, punctual.Completion).Guard();
        collected.Observe();

        collected["async_runtime.queue.lateness", "default", "normal"].ShouldBe(3);
        collected.CountOf("async_runtime.queue.lateness").ShouldBe(1);
        collected["async_runtime.queue.missed_deadlines", "default"].ShouldBe(1);
    }

    [Fact]
    public async Task Durations_OfItemsInTheFastPath_AreAllRecorded()
    {
        await using var rig = await QueueRig.StartAsync();
        using var collected = new Collected(rig);
        var handles = new List<WorkHandle>();
        for (var i = 0; i < 500; i++)
        {
            handles.Add(await rig.Queue.EnqueueAsync(Nothing));
        }

        await Task.WhenAll(handles.Select(static handle => handle.Completion)).Guard();

        collected.CountOf("async_runtime.queue.wait.duration").ShouldBe(500);
        collected.CountOf("async_runtime.queue.run.duration").ShouldBe(500);
    }

    [Fact]
    public void Take_OneSeatAsksAgain_BeginsANewRound()
    {
        var taken = 0;
        var clock = new ManualClock();
        var round = new SnapshotRound(new QueueClock(clock), () =>
        {
            taken++;
            return [];
        });
        var one = round.AddSeat();
        var two = round.AddSeat();

        round.Take(one);
        round.Take(two);
        taken.ShouldBe(1);
        round.Take(one);
        round.Take(two);
        taken.ShouldBe(2);
        round.Take(one);
        clock.Advance(TimeSpan.FromSeconds(2));
        round.Take(two);
        taken.ShouldBe(4, "a round is not used for longer than a second");
    }

    /// <summary>Listens to the instruments of one rig.</summary>
    private sealed class Collected : IDisposable
    {
        private readonly Lock _lock = new();
        private readonly MeterListener _listener = new();
        private readonly Dictionary<string, double> _latest = new(StringComparer.Ordinal);
        private readonly Dictionary<string, int> _counts = new(StringComparer.Ordinal);

        public Collected(QueueRig rig)
        {
            var meter = rig.Meters.Create(QueueMetrics.MeterName);
            _listener.InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Meter == meter)
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            };
            _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Note(instrument, value, tags));
            _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Note(instrument, value, tags));
            _listener.Start();
        }

        public double this[string instrument, params string[] tags]
        {
            get
            {
                lock (_lock)
                {
                    return _latest[string.Join(' ', [instrument, .. tags])];
                }
            }
        }

        public void Observe() => _listener.RecordObservableInstruments();

        public double Sum(string instrument)
        {
            lock (_lock)
            {
                return _latest.Where(pair => pair.Key.StartsWith(instrument + " ", StringComparison.Ordinal)).Sum(static pair => pair.Value);
            }
        }

        public int CountOf(string instrument)
        {
            lock (_lock)
            {
                return _counts.GetValueOrDefault(instrument);
            }
        }

        public void Dispose() => _listener.Dispose();

        private void Note(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            var key = instrument.Name;
            foreach (var tag in tags)
            {
                key += $" {tag.Value}";
            }

            lock (_lock)
            {
                _latest[key] = value;
                _counts[instrument.Name] = _counts.GetValueOrDefault(instrument.Name) + 1;
            }
        }
    }
}
