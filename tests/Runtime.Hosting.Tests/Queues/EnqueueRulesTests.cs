using Runtime.Core;
using Runtime.Hosting.Tests.Support;

namespace Runtime.Hosting.Tests.Queues;

public sealed class EnqueueRulesTests
{
    private static readonly string TooLong = new('x', 201);

    public static TheoryData<EnqueueOptions, string> Bad => new()
    {
        { new() { Priority = (TaskPriority)5 }, "EnqueueOptions.Priority is 5; it must be one of TaskPriority. Use Critical to Background." },
        { new() { Priority = (TaskPriority)(-1) }, "EnqueueOptions.Priority is -1; it must be one of TaskPriority. Use Critical to Background." },
        { new() { Deadline = TimeSpan.FromSeconds(-1) }, "EnqueueOptions.Deadline is -00:00:01; it counts from now, so it must be zero or more. Leave it null for none." },
        { new() { Delay = TimeSpan.FromSeconds(-1) }, "EnqueueOptions.Delay is -00:00:01; it counts from now, so it must be zero or more. Leave it null for none." },
        { new() { Timeout = TimeSpan.Zero }, "EnqueueOptions.Timeout is 00:00:00; it must be more than zero and at most 24 days. Leave it null for none." },
        { new() { Timeout = TimeSpan.FromDays(25) }, "EnqueueOptions.Timeout is 25.00:00:00; it must be more than zero and at most 24 days. Leave it null for none." },
        { new() { ConcurrencyLimit = 0 }, "EnqueueOptions.ConcurrencyLimit is 0; it must be 1 or more. To stop items of a key from running, do not enqueue them." },
        { new() { Name = TooLong }, "EnqueueOptions.Name is 201 characters long; it may have at most 200. Put the rest into the work's own arguments or into Tags." },
        { new() { UniqueKey = TooLong }, "EnqueueOptions.UniqueKey is 201 characters long; it may have at most 200. Put the rest into the work's own arguments or into Tags." },
        { new() { ConcurrencyKey = TooLong }, "EnqueueOptions.ConcurrencyKey is 201 characters long; it may have at most 200. Put the rest into the work's own arguments or into Tags." },
        { new() { Tags = null! }, "EnqueueOptions.Tags is null; leave it out for no tags." },
    };

    [Theory]
    [MemberData(nameof(Bad))]
    public async Task EnqueueAsync_OptionOutOfRange_ThrowsAndAcceptsNothing(EnqueueOptions options, string message)
    {
        await using var rig = await QueueRig.StartAsync();

        var asynchronous = await Should.ThrowAsync<ArgumentException>(async () => await rig.Queue.EnqueueAsync(static ct => ValueTask.CompletedTask, options));
        var tried = Should.Throw<ArgumentException>(() => rig.Queue.TryEnqueue(static ct => ValueTask.CompletedTask, options, out _));

        asynchronous.Message.ShouldBe($"{message} (Parameter 'options')");
        tried.Message.ShouldBe(asynchronous.Message);
        rig.Snapshot.Accepted.ShouldBe(0);
    }

    [Fact]
    public async Task EnqueueAsync_OptionsAtTheirLimits_AreAccepted()
    {
        await using var rig = await QueueRig.StartAsync();
        var options = new EnqueueOptions
        {
            Priority = TaskPriority.Background,
            Deadline = TimeSpan.MaxValue,
            Delay = TimeSpan.Zero,
            Timeout = TimeSpan.FromDays(24),
            Name = new string('n', 200),
            ConcurrencyKey = "",
            UniqueKey = "",
            ConcurrencyLimit = int.MaxValue,
        };

        await (await rig.Queue.EnqueueAsync(static ct => ValueTask.CompletedTask, options)).Completion.Guard();
    }

    [Fact]
    public async Task EnqueueAsync_NoWork_Throws()
    {
        await using var rig = await QueueRig.StartAsync();

        (await Should.ThrowAsync<ArgumentNullException>(async () => await rig.Queue.EnqueueAsync((Func<CancellationToken, ValueTask>)null!))).ParamName.ShouldBe("work");
        Should.Throw<ArgumentNullException>(() => rig.Queue.TryEnqueue((Func<CancellationToken, ValueTask<int>>)null!, out _)).ParamName.ShouldBe("work");
    }
}
