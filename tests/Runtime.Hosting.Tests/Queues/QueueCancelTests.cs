using Runtime.Hosting.Tests.Support;

namespace Runtime.Hosting.Tests.Queues;

public sealed class QueueCancelTests
{
    private static ValueTask Nothing(CancellationToken ct) => ValueTask.CompletedTask;

    [Fact]
    public async Task Cancel_QueuedItem_NeverStartsAndEndsAtOnce()
    {
        await using var rig = await QueueRig.StartSerialAsync();
        var gate = await rig.HoldAsync();
        var ran = false;
        var handle = await rig.Queue.EnqueueAsync(ct =>
        {
            ran = true;
            return ValueTask.CompletedTask;
        });

        handle.Cancel("not wanted").ShouldBeTrue();

        handle.Status.ShouldBe(WorkStatus.Cancelled);
        handle.CancellationReason.ShouldBe("not wanted");
        handle.StartedAt.ShouldBeNull();
        handle.FinishedAt.ShouldNotBeNull();
        handle.Error.ShouldBeNull();
        await Should.ThrowAsync<OperationCanceledException>(() => handle.Completion.Guard());
        handle.Completion.IsCanceled.ShouldBeTrue();
        rig.Queue.Count.ShouldBe(0);
        gate.Open();
        await gate.Handle.Completion.Guard();
        await (await rig.Queue.EnqueueAsync(Nothing)).Completion.Guard();
        ran.ShouldBeFalse();
        rig.Snapshot.Cancelled.ShouldBe(1);
    }

    [Fact]
    public async Task Cancel_RunningItem_CancelsItsToken()
    {
        await using var rig = await QueueRig.StartSerialAsync();
        var started = Signals.New();
        var handle = await rig.Queue.EnqueueAsync(async ct =>
        {
            started.SetResult();
            await Task.Delay(Timeout.InfiniteTimeSpan, rig.Runtime.TimeProvider, ct);
        });
        await started.Task.Guard();

        handle.Cancel("changed my mind").ShouldBeTrue();

        var exception = await Should.ThrowAsync<OperationCanceledException>(() => handle.Completion.Guard());
        exception.CancellationToken.IsCancellationRequested.ShouldBeTrue();
        handle.Status.ShouldBe(WorkStatus.Cancelled);
        handle.CancellationReason.ShouldBe("changed my mind");
        rig.Snapshot.Cancelled.ShouldBe(1);
    }

    [Fact]
    public async Task Cancel_EveryWorkerPollsItsToken_TheyAllSeeIt()
    {
        await using var rig = await QueueRig.StartAsync();
        using var running = new CountdownEvent(2);
        ValueTask Burn(CancellationToken ct)
        {
            running.Signal();
            while (!ct.IsCancellationRequested)
            {
                Thread.Yield();
            }

            ct.ThrowIfCancellationRequested();
            return ValueTask.CompletedTask;
        }

        var one = await rig.Queue.EnqueueAsync(Burn);
        var two = await rig.Queue.EnqueueAsync(Burn);
        running.Wait(Guards.Patience).ShouldBeTrue();

        one.Cancel();
        two.Cancel();

        await Should.ThrowAsync<OperationCanceledException>(() => one.Completion.Guard());
        await Should.ThrowAsync<OperationCanceledException>(() => two.Completion.Guard());
    }

    [Fact]
    public async Task Cancel_ASecondTimeOrAfterTheEnd_ReturnsFalse()
    {
        await using var rig = await QueueRig.StartSerialAsync();
        var gate = await rig.HoldAsync();
        var queued = await rig.Queue.EnqueueAsync(Nothing);
        queued.Cancel("first").ShouldBeTrue();
        queued.Cancel("second").ShouldBeFalse();
        queued.CancellationReason.ShouldBe("first");

        gate.Handle.Cancel("first").ShouldBeTrue();
        gate.Handle.Cancel("second").ShouldBeFalse();
        gate.Open();
        await gate.Handle.Completion.Guard();

        gate.Handle.Cancel("third").ShouldBeFalse();
    }

    [Fact]
    public async Task Cancel_TheWorkFinishesAllTheSame_ItsRealOutcomeCounts()
    {
        await using var rig = await QueueRig.StartSerialAsync();
        var gate = await rig.HoldAsync();

        gate.Handle.Cancel("too late").ShouldBeTrue();
        gate.Open();
        await gate.Handle.Completion.Guard();

        gate.Handle.Status.ShouldBe(WorkStatus.Succeeded);
        gate.Handle.CancellationReason.ShouldBeNull();
    }

    [Fact]
    public async Task EnqueueAsync_WorkThrowsACancellationThatNobodyAskedFor_IsFailed()
    {
        await using var rig = await QueueRig.StartSerialAsync();
        var handle = await rig.Queue.EnqueueAsync(static ct => throw new OperationCanceledException("a time-out of somebody else"));

        await Should.ThrowAsync<OperationCanceledException>(() => handle.Completion.Guard());

        handle.Status.ShouldBe(WorkStatus.Failed);
        handle.Error!.Message.ShouldBe("a time-out of somebody else");
        rig.Snapshot.Failed.ShouldBe(1);
    }

    [Fact]
    public async Task Cancel_ACallbackOnTheTokenThrows_IsLoggedAndTheItemEnds()
    {
        await using var rig = await QueueRig.StartSerialAsync();
        var started = Signals.New();
        var handle = await rig.Queue.EnqueueAsync(async ct =>
        {
            var cancelled = Signals.New();
            using var first = ct.Register(cancelled.SetResult);
            using var second = ct.Register(static () => throw new InvalidOperationException("a bad callback"));
            started.SetResult();
            await cancelled.Task;
            ct.ThrowIfCancellationRequested();
        });
        await started.Task.Guard();

        handle.Cancel().ShouldBeTrue();

        await Should.ThrowAsync<OperationCanceledException>(() => handle.Completion.Guard());
        (await rig.Logs.WaitFor(703)).Exception.ShouldNotBeNull().ToString().ShouldContain("a bad callback");
    }

    [Fact]
    public async Task Timeout_WorkObeys_EndsAsCancelledWithTheReason()
    {
        await using var rig = await QueueRig.StartSerialAsync();
        var handle = await rig.Queue.EnqueueAsync(
            async ct => await Task.Delay(Timeout.InfiniteTimeSpan, rig.Runtime.TimeProvider, ct),
            new EnqueueOptions { Timeout = TimeSpan.FromMilliseconds(20) });

        await Should.ThrowAsync<OperationCanceledException>(() => handle.Completion.Guard());

        handle.Status.ShouldBe(WorkStatus.Cancelled);
        handle.CancellationReason.ShouldBe("timed out after 00:00:00.0200000");
    }

    [Fact]
    public async Task Timeout_WorkIgnoresItsToken_ItsRealOutcomeCounts()
    {
        var clock = new ManualClock();
        await using var rig = await QueueRig.StartSerialAsync(clock: clock);
        var gate = await rig.HoldAsync(new EnqueueOptions { Timeout = TimeSpan.FromSeconds(1) });

        clock.Advance(TimeSpan.FromSeconds(2));
        gate.Open();
        await gate.Handle.Completion.Guard();

        gate.Handle.Status.ShouldBe(WorkStatus.Succeeded);
    }

    [Fact]
    public async Task Timeout_CountsFromTheStart_NotFromTheEnqueue()
    {
        var clock = new ManualClock();
        await using var rig = await QueueRig.StartSerialAsync(clock: clock);
        var gate = await rig.HoldAsync();
        var token = Signals.New<CancellationToken>();
        var release = Signals.New();
        var handle = await rig.Queue.EnqueueAsync(
            async ct =>
            {
                token.SetResult(ct);
                await release.Task;
            },
            new EnqueueOptions { Timeout = TimeSpan.FromSeconds(5) });
        clock.Advance(TimeSpan.FromSeconds(60));
        gate.Open();
        var its = await token.Task.Guard();

        clock.Advance(TimeSpan.FromSeconds(4.9));
        its.IsCancellationRequested.ShouldBeFalse();
        clock.Advance(TimeSpan.FromSeconds(0.2));
        its.IsCancellationRequested.ShouldBeTrue();

        release.SetResult();
        await handle.Completion.Guard();
    }

    [Fact]
    public async Task Timeout_WorkEndsInTime_LeavesNoTimerBehind()
    {
        var clock = new ManualClock();
        await using var rig = await QueueRig.StartSerialAsync(clock: clock);
        var options = new EnqueueOptions { Timeout = TimeSpan.FromHours(1) };
        var synchronous = await rig.Queue.EnqueueAsync(Nothing, options);
        var asynchronous = await rig.Queue.EnqueueAsync(static async ct => await Task.Yield(), options);
        var failing = await rig.Queue.EnqueueAsync(static ct => throw new InvalidOperationException(), options);

        await synchronous.Completion.Guard();
        await asynchronous.Completion.Guard();
        await Should.ThrowAsync<InvalidOperationException>(() => failing.Completion.Guard());

        clock.ActiveTimers.ShouldBe(0);
    }
}
