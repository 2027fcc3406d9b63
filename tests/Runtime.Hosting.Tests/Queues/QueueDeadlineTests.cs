using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Runtime.Hosting.Tests.Support;

namespace Runtime.Hosting.Tests.Queues;

public sealed class QueueDeadlineTests
{
    private static ValueTask Nothing(CancellationToken ct) => ValueTask.CompletedTask;

    [Theory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public async Task Snapshot_ItemEndsAfterItsDeadline_CountsItAsMissedOnce(bool awaits, bool priorities)
    {
        var clock = new ManualClock();
        await using var rig = await QueueRig.StartSerialAsync(options => options.EnablePriorityScheduling = priorities, clock: clock);
        var late = await rig.Queue.EnqueueAsync(
            async ct =>
            {
                if (awaits)
                {
                    await Task.Yield();
                }

                clock.Advance(TimeSpan.FromSeconds(3));
            },
            new EnqueueOptions { Deadline = TimeSpan.FromSeconds(2) });
        await late.Completion.Guard();
        await (await rig.Queue.EnqueueAsync(Nothing, new EnqueueOptions { Deadline = TimeSpan.Zero })).Completion.Guard();

        rig.Snapshot.MissedDeadlines.ShouldBe(1);
    }

    [Fact]
    public async Task Snapshot_FailedAfterItsDeadline_IsMissed_NeverStarted_IsNot()
    {
        var clock = new ManualClock();
        await using var rig = await QueueRig.StartSerialAsync(clock: clock);
        var gate = await rig.HoldAsync();
        var failing = await rig.Queue.EnqueueAsync(static ct => ValueTask.FromException(new InvalidOperationException()), new EnqueueOptions { Deadline = TimeSpan.FromSeconds(1) });
        var cancelled = await rig.Queue.EnqueueAsync(Nothing, new EnqueueOptions { Deadline = TimeSpan.FromSeconds(1) });
        clock.Advance(TimeSpan.FromSeconds(5));
        cancelled.Cancel();
        gate.Open();

        await Should.ThrowAsync<InvalidOperationException>(() => failing.Completion.Guard());

        rig.Snapshot.MissedDeadlines.ShouldBe(1);
    }

    [Fact]
    public async Task ToBusyResult_OfEitherRefusal_Is429WithRetryAfterInSeconds()
    {
        (await AnswerAsync(new DeadlineUnattainableException("reports", TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(4.5)).ToBusyResult()))
            .ShouldBe((429, "3", "The deadline cannot be met."));
        (await AnswerAsync(new QueueFullException("reports", 7, TimeSpan.FromSeconds(9)).ToBusyResult()))
            .ShouldBe((429, "9", "The queue is full."));
    }

    private static async Task<(int Status, string? RetryAfter, string? Title)> AnswerAsync(IResult result)
    {
        await using var services = new ServiceCollection().AddLogging().AddProblemDetails().BuildServiceProvider();
        var context = new DefaultHttpContext { RequestServices = services };
        using var body = new MemoryStream();
        context.Response.Body = body;
        await result.ExecuteAsync(context);
        var title = System.Text.Json.JsonDocument.Parse(body.ToArray()).RootElement.GetProperty("title").GetString();
        return (context.Response.StatusCode, context.Response.Headers.RetryAfter, title);
    }
}
