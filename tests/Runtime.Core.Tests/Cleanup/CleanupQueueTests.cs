using System.Runtime.InteropServices;

namespace Runtime.Core.Tests.Cleanup;

/// <summary>When the cleaning starts, how far a slice goes, and what it does with what fails.</summary>
public sealed class CleanupQueueTests
{
    private readonly List<int> _released = [];

    [Fact]
    public void Threshold_StartsTheCleaningOnce()
    {
        var rig = new CleanupRig(static o => o.Threshold = 3);

        Retire(rig, 1, 2);
        rig.Asked.ShouldBeEmpty();
        Retire(rig, 3, 5);

        rig.Asked.Count.ShouldBe(1);
        rig.RunAll().ShouldBe(1);
        _released.ShouldBe([1, 2, 3, 4, 5, 6, 7]);
        rig.Queue.Snapshot().Backlog.ShouldBe(0);
    }

    [Fact]
    public void Interval_StartsTheCleaningOfWhatIsLess()
    {
        var rig = new CleanupRig();
        Retire(rig, 1, 2);

        rig.Clock.Advance(TimeSpan.FromMilliseconds(999));
        rig.Asked.ShouldBeEmpty();
        rig.Clock.Advance(TimeSpan.FromMilliseconds(1));
        rig.RunAll().ShouldBe(1);
        _released.ShouldBe([1, 2]);

        // And again: one timer serves all.
        rig.Clock.PendingTimers.ShouldBe(0);
        Retire(rig, 3, 1);
        rig.Clock.PendingTimers.ShouldBe(1);
        rig.Clock.Advance(TimeSpan.FromSeconds(1));
        rig.RunAll().ShouldBe(1);
        _released.ShouldBe([1, 2, 3]);
    }

    [Fact]
    public void Slice_EndsAfterItsBatchAndGivesTheWorkerBack()
    {
        var rig = new CleanupRig(static o => (o.Threshold, o.BatchSize) = (1, 4));
        Retire(rig, 1, 10);

        rig.RunSlice();
        _released.Count.ShouldBe(4);
        rig.RunSlice();
        _released.Count.ShouldBe(8);
        rig.RunSlice();
        _released.Count.ShouldBe(10);
        rig.Asked.ShouldBeEmpty();
        rig.Queue.Snapshot().Slices.Count.ShouldBe(3);
    }

    [Fact]
    public void Slice_EndsWhenItsTimeIsOverAndCountsTheOverrun()
    {
        var rig = new CleanupRig(static o => (o.Threshold, o.SliceBudget) = (1, TimeSpan.FromMilliseconds(2)));
        for (var i = 0; i < 3; i++)
        {
            rig.Queue.Retire(() =>
            {
                var began = TimeProvider.System.GetTimestamp();
                SpinWait.SpinUntil(() => TimeProvider.System.GetElapsedTime(began) > TimeSpan.FromMilliseconds(3));
                _released.Add(0);
            });
        }

        rig.RunSlice();
        _released.Count.ShouldBe(1);
        rig.RunAll().ShouldBe(2);
        var snapshot = rig.Queue.Snapshot();
        snapshot.Overruns.ShouldBe(3);
        snapshot.LongestSlice.ShouldBeGreaterThan(TimeSpan.FromMilliseconds(3));
        snapshot.LongestRelease.ShouldBeInRange(TimeSpan.FromMilliseconds(3), snapshot.LongestSlice);
    }

    [Fact]
    public void Slice_DoesNotBeginAReleaseThatMayNotFit()
    {
        // Each takes more than half of the budget: two of them would be over it.
        var rig = new CleanupRig(static o => (o.Threshold, o.SliceBudget) = (1, TimeSpan.FromMilliseconds(500)));
        for (var i = 0; i < 3; i++)
        {
            rig.Queue.Retire(() =>
            {
                var began = TimeProvider.System.GetTimestamp();
                SpinWait.SpinUntil(() => TimeProvider.System.GetElapsedTime(began) > TimeSpan.FromMilliseconds(260));
            });
        }

        rig.RunAll().ShouldBe(3);
    }

    [Fact]
    public void AFailure_IsCountedAndReportedAndTheOthersAreReleased()
    {
        var rig = new CleanupRig(static o => o.Threshold = 1);
        Retire(rig, 1, 1);
        rig.Queue.Retire(static () => throw new InvalidOperationException("action"));
        rig.Queue.Retire((IAsyncDisposable)new Thing(static () => throw new InvalidOperationException("asynchronous")));
        rig.Queue.Retire((IAsyncDisposable)new Thing(static () => ValueTask.FromException(new InvalidOperationException("later"))));
        Retire(rig, 2, 1);

        rig.RunAll();

        _released.ShouldBe([1, 2]);
        rig.Reported.Select(static e => e.Message).ShouldBe(["action", "asynchronous", "later"]);
        rig.Queue.Snapshot().Failed.ShouldBe(3);
        rig.Queue.Snapshot().Backlog.ShouldBe(0);
    }

    [Fact]
    public async Task AsyncDisposals_GoOnTogetherUpToTheLimit()
    {
        var rig = new CleanupRig(static o => (o.Threshold, o.MaxConcurrency) = (1, 2));
        var gates = Enumerable.Range(0, 3).Select(_ => Waiting.NewSignal()).ToArray();
        var begun = new List<int>();
        for (var i = 0; i < 3; i++)
        {
            var number = i;
            rig.Queue.Retire((IAsyncDisposable)new Thing(() =>
            {
                begun.Add(number);
                return new ValueTask(gates[number].Task);
            }));
        }

        Retire(rig, 7, 1);
        rig.RunAll().ShouldBe(1);
        begun.ShouldBe([0, 1]);
        _released.ShouldBeEmpty("it comes after the third");
        rig.Queue.Snapshot().Backlog.ShouldBe(4);

        gates[1].SetResult();
        await UntilAsync(() => !rig.Asked.IsEmpty);
        rig.RunAll();
        begun.ShouldBe([0, 1, 2]);
        gates[0].SetResult();
        gates[2].SetResult();
        await UntilAsync(() =>
        {
            rig.RunAll();
            return rig.Queue.Snapshot().Backlog == 0;
        });
        _released.ShouldBe([7]);
    }

    [Fact]
    public void BeyondTheCapacity_WhoeverRetiresHelps()
    {
        var rig = new CleanupRig(static o => (o.Threshold, o.Capacity) = (5, 10));
        Retire(rig, 1, 10);
        _released.ShouldBeEmpty();

        Retire(rig, 11, 1);
        _released.ShouldBe([1, 2], "two of the oldest");
        Retire(rig, 12, 100);

        rig.Queue.Snapshot().Backlog.ShouldBeLessThanOrEqualTo(10);
        rig.Queue.Snapshot().Helped.ShouldBe(_released.Count);
        rig.RunAll();
        _released.ShouldBe(Enumerable.Range(1, 111));
    }

    [Fact]
    public void Capacity_BelowTheThreshold_IsKeptAllTheSame()
    {
        var rig = new CleanupRig(static o => (o.Threshold, o.Capacity) = (1_000, 10));

        Retire(rig, 1, 100);

        rig.Queue.Snapshot().Backlog.ShouldBeLessThanOrEqualTo(10);
        rig.Asked.Count.ShouldBe(1);
    }

    [Fact]
    public void AReleaseThatRetires_DoesNotHelpFromWithin()
    {
        var rig = new CleanupRig(static o => (o.Threshold, o.Capacity) = (1, 1));
        var depth = 0;
        var deepest = 0;
        var left = 1_000;

        void Release()
        {
            deepest = Math.Max(deepest, ++depth);
            for (var i = 0; i < 3 && left > 0; i++)
            {
                left--;
                rig.Queue.Retire(Release);
            }

            depth--;
        }

        rig.Queue.Retire(Release);
        rig.Queue.Retire(Release);
        rig.RunAll();

        deepest.ShouldBe(1);
        rig.Queue.Snapshot().Backlog.ShouldBe(0);
        rig.Queue.Snapshot().Retired.ShouldBe(1_002);
    }

    [Fact]
    public unsafe void EveryKind_IsReleased()
    {
        var rig = new CleanupRig(static o => o.Threshold = 1);
        var disposed = 0;
        var both = new Both();
        rig.Queue.Retire((IDisposable)new Thing(() =>
        {
            disposed++;
            return default;
        }));
        rig.Queue.Retire(both);
        rig.Queue.Retire(static list => ((List<int>)list!).Add(3), _released);
        rig.Queue.RetireMemory((nint)NativeMemory.Alloc(100));
        rig.Queue.RetireMemory((nint)NativeMemory.AlignedAlloc(100, 64), aligned: true);
        rig.Queue.RetireMemory(0);

        rig.RunAll();

        disposed.ShouldBe(1);
        both.Asynchronously.ShouldBe(true, "the asynchronous way goes before the other");
        _released.ShouldBe([3]);
        rig.Queue.Snapshot().Released.ShouldBe(5);
        Should.Throw<ArgumentNullException>(() => rig.Queue.Retire((IDisposable)null!)).ParamName.ShouldBe("resource");
        Should.Throw<ArgumentNullException>(() => rig.Queue.Retire((IAsyncDisposable)null!)).ParamName.ShouldBe("resource");
        Should.Throw<ArgumentNullException>(() => rig.Queue.Retire((Action)null!)).ParamName.ShouldBe("release");
    }

    [Fact]
    public async Task Close_ReleasesAllThatWaitsAndWhateverComes()
    {
        var rig = new CleanupRig(static o => o.BatchSize = 10);
        Retire(rig, 1, 25);

        var close = rig.Queue.CloseAsync(Waiting.HangGuard);
        close.IsCompleted.ShouldBeFalse();
        rig.RunAll().ShouldBe(3);
        (await close.Guarded()).ShouldBe(0);
        _released.ShouldBe(Enumerable.Range(1, 25));

        Retire(rig, 26, 1);
        rig.RunAll().ShouldBe(1, "no threshold and no interval any more");
        _released.ShouldBe(Enumerable.Range(1, 26));
    }

    [Fact]
    public async Task Close_WithoutPatience_SaysWhatIsLeft()
    {
        var rig = new CleanupRig();
        Retire(rig, 1, 5);

        (await rig.Queue.CloseAsync(TimeSpan.Zero).Guarded()).ShouldBe(5);
        rig.RunAll();
        _released.Count.ShouldBe(5);
    }

    private static async Task UntilAsync(Func<bool> condition) => (await Task.Run(() => SpinWait.SpinUntil(condition, Waiting.HangGuard)).Guarded()).ShouldBeTrue();

    private void Retire(CleanupRig rig, int first, int count)
    {
        for (var i = first; i < first + count; i++)
        {
            var number = i;
            rig.Queue.Retire(() => _released.Add(number));
        }
    }

    private sealed class Thing(Func<ValueTask> dispose) : IDisposable, IAsyncDisposable
    {
        public void Dispose() => _ = dispose();

        public ValueTask DisposeAsync() => dispose();
    }

    private sealed class Both : IDisposable, IAsyncDisposable
    {
        public bool? Asynchronously { get; private set; }

        public void Dispose() => Asynchronously = false;

        public ValueTask DisposeAsync()
        {
            Asynchronously = true;
            return default;
        }
    }
}
