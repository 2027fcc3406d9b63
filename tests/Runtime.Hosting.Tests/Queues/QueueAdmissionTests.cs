using Runtime.Core;
using Runtime.Hosting.Tests.Support;

namespace Runtime.Hosting.Tests.Queues;

public sealed class QueueAdmissionTests
{
    private readonly ManualClock _clock = new();

    private static ValueTask Nothing(CancellationToken ct) => ValueTask.CompletedTask;

    [Fact]
    public async Task EnqueueAsync_DeadlineCannotBeMet_ThrowsWithTheFiguresAndTheRemedy()
    {
        await using var rig = await StartAsync();
        var gate = await rig.HoldAsync();
        await rig.Queue.EnqueueAsync(Nothing, Within(2));

        var exception = await Should.ThrowAsync<DeadlineUnattainableException>(async () => await rig.Queue.EnqueueAsync(Nothing, Within(2)));

        exception.QueueName.ShouldBe("default");
        exception.Deadline.ShouldBe(TimeSpan.FromSeconds(2));
        exception.Estimate.ShouldBe(TimeSpan.FromSeconds(3), "one runs, one waits, and its own second");
        exception.RetryAfter.ShouldBe(TimeSpan.FromSeconds(1));
        exception.Message.ShouldBe(
            "The queue 'default' cannot meet the deadline of 00:00:02: with what is queued before it the item would need 00:00:03. Try again in about 1 s, give it more time or a more "
            + "urgent Priority, raise the queue's MaxConcurrency, or set its Admission to Admit.");
        await rig.Queue.EnqueueAsync(Nothing, Within(exception.Estimate.TotalSeconds));
        gate.Open();
    }

    [Fact]
    public async Task TryEnqueue_DeadlineCannotBeMet_IsRefusedCountedAndNotInTheBooks()
    {
        await using var rig = await StartAsync();
        var gate = await rig.HoldAsync();
        var accepted = rig.Snapshot.Accepted;

        rig.Queue.TryEnqueue(Nothing, Within(1.9), out var handle).ShouldBeFalse();

        handle.ShouldBeNull();
        (rig.Snapshot.RejectedLate, rig.Snapshot.Rejected, rig.Snapshot.Accepted).ShouldBe((1, 0, accepted));
        rig.Queue.EstimateRetryAfter().ShouldBe(TimeSpan.FromSeconds(1));
        _clock.Advance(TimeSpan.FromSeconds(1));
        rig.Queue.EstimateRetryAfter().ShouldBe(TimeSpan.Zero);
        gate.Open();
    }

    [Fact]
    public async Task TryEnqueue_TooLittleMeasured_IsAdmitted()
    {
        await using var rig = await QueueRig.StartSerialAsync(static options => options.Queue.Admission = QueueAdmission.RejectIfLate, clock: _clock);
        await LearnAsync(rig, 31);
        var gate = await rig.HoldAsync();
        rig.Queue.TryEnqueue(Nothing, Within(0), out _).ShouldBeTrue();

        gate.Open();
        await gate.Handle.Completion.Guard();
        await LearnAsync(rig, 1);

        rig.Queue.TryEnqueue(Nothing, Within(0), out _).ShouldBeFalse();
    }

    [Fact]
    public async Task TryEnqueue_NothingWaitsAndAPlaceIsFree_CountsItsOwnRunOnly()
    {
        await using var rig = await StartAsync();

        rig.Queue.TryEnqueue(Nothing, Within(0.9), out _).ShouldBeFalse();
        rig.Queue.TryEnqueue(Nothing, Within(1), out _).ShouldBeTrue();
    }

    [Fact]
    public async Task TryEnqueue_WorkOfOtherPriorities_CountsWhereItGoesBefore()
    {
        await using var rig = await StartAsync();
        var gate = await rig.HoldAsync();
        for (var i = 0; i < 10; i++)
        {
            await rig.Queue.EnqueueAsync(Nothing); // a deadline goes before none
            await rig.Queue.EnqueueAsync(Nothing, Within(60) with { Priority = TaskPriority.Low });
        }

        rig.Queue.TryEnqueue(Nothing, Within(2), out var cancelled).ShouldBeTrue();
        cancelled!.Cancel();
        await rig.Queue.EnqueueAsync(Nothing, new EnqueueOptions { Priority = TaskPriority.High });
        rig.Queue.TryEnqueue(Nothing, Within(2.9), out _).ShouldBeFalse();
        rig.Queue.TryEnqueue(Nothing, Within(3), out _).ShouldBeTrue();
        rig.Queue.TryEnqueue(Nothing, Within(2) with { Priority = TaskPriority.Critical }, out _).ShouldBeTrue();
        gate.Open();
    }

    [Fact]
    public async Task EnqueueAsync_WouldMakeAnAcceptedOneLate_IsRefusedThoughInTimeItself()
    {
        await using var rig = await StartAsync();
        var gate = await rig.HoldAsync();
        await rig.Queue.EnqueueAsync(Nothing, Within(2.5));
        await rig.Queue.EnqueueAsync(Nothing, Within(3));

        var exception = await Should.ThrowAsync<DeadlineUnattainableException>(async () => await rig.Queue.EnqueueAsync(Nothing, Within(2.2)));

        exception.Estimate.ShouldBe(TimeSpan.FromSeconds(4), "behind those that it would have put off");
        rig.Queue.TryEnqueue(Nothing, Within(4), out _).ShouldBeTrue();
        gate.Open();
    }

    [Fact]
    public async Task TryEnqueue_NamesThatRunFastAndSlowly_AreEachEstimatedByTheirOwn()
    {
        await using var rig = await StartAsync(learn: 0);
        await LearnAsync(rig, 40, seconds: 1, "fast");
        await LearnAsync(rig, 40, seconds: 10, "slow");

        rig.Queue.TryEnqueue(Nothing, Within(1) with { Name = "fast" }, out var fast).ShouldBeTrue();
        await fast!.Completion.Guard();
        rig.Queue.TryEnqueue(Nothing, Within(9) with { Name = "slow" }, out _).ShouldBeFalse();
        rig.Queue.TryEnqueue(Nothing, Within(10) with { Name = "slow" }, out _).ShouldBeTrue();
    }

    [Fact]
    public async Task EnqueueAsync_BecomesLateWhileItWaitsForRoom_IsRefusedAndItsPlaceIsFree()
    {
        await using var rig = await StartAsync(configure: static options => options.Queue.Capacity = 1);
        var gate = await rig.HoldAsync();
        await rig.Queue.EnqueueAsync(Nothing);
        var waiting = rig.Queue.EnqueueAsync(Nothing, Within(2)).AsTask();
        waiting.IsCompleted.ShouldBeFalse();
        await LearnFromOutsideAsync();

        gate.Open();

        await Should.ThrowAsync<DeadlineUnattainableException>(() => waiting.Guard());
        rig.Queue.TryEnqueue(Nothing, out var handle).ShouldBeTrue();
        await handle!.Completion.Guard();

        // The gate itself is what takes so long that the mean is no longer one second.
        Task LearnFromOutsideAsync()
        {
            _clock.Advance(TimeSpan.FromHours(1));
            return Task.CompletedTask;
        }
    }

    [Fact]
    public async Task Reconfigure_OnAndOff_AppliesToTheNextEnqueue()
    {
        await using var rig = await StartAsync();
        var gate = await rig.HoldAsync();
        rig.Queue.TryEnqueue(Nothing, Within(1), out _).ShouldBeFalse();

        rig.Reconfigure(static options => options.Queue.Admission = QueueAdmission.Admit);
        rig.Queue.TryEnqueue(Nothing, Within(60), out _).ShouldBeTrue();
        rig.Queue.TryEnqueue(Nothing, Within(1), out _).ShouldBeTrue();
        rig.Queue.EstimateRetryAfter().ShouldBe(TimeSpan.Zero);
        rig.Reconfigure(static options => options.Queue.Admission = QueueAdmission.RejectIfLate);
        gate.Open();
        await LearnAsync(rig, 32);

        rig.Queue.TryEnqueue(Nothing, Within(0.9), out _).ShouldBeFalse();
    }

    [Fact]
    public async Task TryEnqueue_PrioritiesOff_AllThatIsQueuedGoesBefore()
    {
        await using var rig = await StartAsync(configure: static options => options.EnablePriorityScheduling = false);
        var gate = await rig.HoldAsync();
        await rig.Queue.EnqueueAsync(Nothing);
        await rig.Queue.EnqueueAsync(Nothing, Within(100));

        rig.Queue.TryEnqueue(Nothing, Within(3.9), out _).ShouldBeFalse();
        rig.Queue.TryEnqueue(Nothing, Within(4), out _).ShouldBeTrue();
        gate.Open();
    }

    [Fact]
    public async Task TryEnqueue_Delayed_CountsTheDelayOrTheWaitWhicheverIsLonger()
    {
        await using var rig = await StartAsync();
        var gate = await rig.HoldAsync();
        rig.Queue.TryEnqueue(Nothing, Within(10.9) with { Delay = TimeSpan.FromSeconds(10) }, out _).ShouldBeFalse();
        rig.Queue.TryEnqueue(Nothing, Within(11) with { Delay = TimeSpan.FromSeconds(10) }, out var handle).ShouldBeTrue();
        rig.Queue.TryEnqueue(Nothing, Within(1.9) with { Delay = TimeSpan.FromMilliseconds(1) }, out _).ShouldBeFalse();
        handle!.Cancel();
        gate.Open();
    }

    [Fact]
    public async Task TryEnqueue_ManyAtOnceWithOneDeadline_AcceptsExactlyThoseThatFit()
    {
        await using var rig = await StartAsync();
        var gate = await rig.HoldAsync();

        var accepted = await Task.WhenAll(Enumerable.Range(0, 200).Select(_ => Task.Run(() => rig.Queue.TryEnqueue(Nothing, Within(51), out var _)))).Guard();

        accepted.Count(static yes => yes).ShouldBe(50, "the one that runs takes the first second");
        rig.Snapshot.RejectedLate.ShouldBe(150);
        gate.Open();
    }

    private static EnqueueOptions Within(double seconds) => new() { Deadline = TimeSpan.FromSeconds(seconds) };

    // A queue of one place whose items take a second each.
    private async Task<QueueRig> StartAsync(Action<AsyncRuntimeHostingOptions>? configure = null, int learn = 32)
    {
        var rig = await QueueRig.StartSerialAsync(
            options =>
            {
                options.Queue.Admission = QueueAdmission.RejectIfLate;
                options.StarvationThreshold = TimeSpan.FromDays(1);
                configure?.Invoke(options);
            },
            clock: _clock);
        await LearnAsync(rig, learn);
        return rig;
    }

    private async Task LearnAsync(QueueRig rig, int items, double seconds = 1, string? name = null)
    {
        for (var i = 0; i < items; i++)
        {
            var handle = await rig.Queue.EnqueueAsync(
                ct =>
                {
                    _clock.Advance(TimeSpan.FromSeconds(seconds));
                    return default;
                },
                new EnqueueOptions { Name = name });
            await handle.Completion.Guard();
        }
    }
}
