using Runtime.Core.Diagnostics;
using Runtime.Core.Tests.Tuning;

namespace Runtime.Core.Tests.Diagnostics;

public sealed class SnapshotCacheTests
{
    private readonly ManualTime _time = new();
    private int _reads;

    [Fact]
    public void OneCollection_SharesOneSnapshot_AndTheNextHasItsOwn()
    {
        var cache = Create();

        for (var collection = 1; collection <= 3; collection++)
        {
            for (var instrument = 0; instrument < 30; instrument++)
            {
                cache.Get(instrument).Current.Executed.ShouldBe(collection);
            }
        }

        _reads.ShouldBe(3);
    }

    [Fact]
    public void ASnapshot_OfLongAgo_ServesNobody()
    {
        var cache = Create();

        cache.Get(0).Current.Executed.ShouldBe(1);
        _time.Advance(TimeSpan.FromMinutes(1));

        cache.Get(1).Current.Executed.ShouldBe(2); // another listener, which reads another instrument
    }

    [Fact]
    public void Before_IsTheCollectionBefore()
    {
        var cache = Create();

        cache.Get(0).Before.ShouldBeNull();
        cache.Get(0).Before!.Executed.ShouldBe(1);
        cache.Get(0).Before!.Executed.ShouldBe(2);
    }

    [Fact]
    public void Workers_KeepTheirPlaces_AndCountersOnlyGrow_WhenWorkersComeAndGo()
    {
        var series = new WorkerSeries();
        var random = new Random(7);
        var running = new Dictionary<int, long>();
        var totals = new Dictionary<string, long>();
        var nextId = 0;
        for (var i = 0; i < 2000; i++)
        {
            while (running.Count < 4)
            {
                running[nextId++] = 0;
            }

            foreach (var id in running.Keys.ToArray())
            {
                running[id] += random.Next(10);
            }

            var readings = series.Update([.. running.Select(static worker => Snapshots.Worker(worker.Key) with { Executed = worker.Value })], TimeSpan.FromSeconds(1));
            readings.Count.ShouldBe(4);
            foreach (var reading in readings)
            {
                var place = reading.Tag.Value!.ToString()!;
                reading.Total.Executed.ShouldBeGreaterThanOrEqualTo(totals.GetValueOrDefault(place));
                totals[place] = reading.Total.Executed;
            }

            running.Remove(running.Keys.ElementAt(random.Next(running.Count)));
        }

        totals.Keys.Order().ShouldBe(["0", "1", "2", "3"]); // after two thousand workers
    }

    [Fact]
    public void Utilization_IsTheShareSinceTheCollectionBefore_AndZeroInAnEmptyPlace()
    {
        var series = new WorkerSeries();
        series.Update([Snapshots.Worker(1) with { Busy = TimeSpan.FromSeconds(100) }], TimeSpan.Zero).Single().Utilization.ShouldBe(0);

        series.Update([Snapshots.Worker(1) with { Busy = TimeSpan.FromSeconds(103) }], TimeSpan.FromSeconds(4)).Single().Utilization.ShouldBe(0.75);
        series.Update([], TimeSpan.FromSeconds(4)).Single().ShouldSatisfyAllConditions(
            static reading => reading.Utilization.ShouldBe(0), static reading => reading.Total.Busy.ShouldBe(103));
    }

    private SnapshotCache Create() => new(() => Snapshots.Empty with { Executed = ++_reads }, _time);
}
