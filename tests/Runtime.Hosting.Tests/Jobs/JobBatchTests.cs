using Runtime.Hosting.Tests.Support;

namespace Runtime.Hosting.Tests.Jobs;

public sealed class JobBatchTests
{
    private readonly Script _script = new();

    [Fact]
    public async Task Batch_OfJobs_HasOneHandleAndProgress_AndRunsItsEnd()
    {
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _script.Run = async (args, _, _) =>
        {
            await (args.Value == 2 ? gate.Task : Task.CompletedTask);
            return args.Value == 1 ? JobOutcome.Cancel("not needed") : JobOutcome.Done;
        };
        await using var host = await JobHost.StartAsync(_script);
        var batch = new JobBatch().AtEnd<ScriptedJob, Number>(new(100));
        foreach (var i in Enumerable.Range(0, 3))
        {
            batch.Add<ScriptedJob, Number>(new(i));
        }

        var handle = await host.Jobs().EnqueueBatchAsync(batch);
        var after = await host.Jobs().EnqueueAsync<ScriptedJob, Number>(new(200), new JobOptions { After = handle.Id });
        for (JobBatchStatus? now = await handle.GetAsync(); now!.Left != 1; now = await handle.GetAsync())
        {
            await Task.Yield();
        }

        var half = await handle.GetAsync();
        (half!.Total, half.Left, half.State).ShouldBe((3, 1, JobState.Waiting));
        half.Fraction.ShouldBe(2 / 3.0);
        _script.Runs.ShouldNotContain(static run => run.Value >= 100);
        gate.SetResult();
        var end = await handle.WaitAsync().Guard();

        (end.Total, end.Left, end.State).ShouldBe((3, 0, JobState.Succeeded));
        end.States.ShouldBe(new Dictionary<JobState, long> { [JobState.Succeeded] = 2, [JobState.Cancelled] = 1 }, ignoreOrder: true);
        await after.WaitAsync().Guard();
        _script.Runs.Select(static run => run.Value).ToList()[^2..].ShouldBe([100, 200]);
        (await host.Jobs().FindBatchAsync(handle.Id))!.Id.ShouldBe(handle.Id);
        (await host.Jobs().FindBatchAsync(after.Id)).ShouldBeNull();
    }

    [Fact]
    public async Task Batch_WithoutAnEnd_IsOverWithItsLastJob()
    {
        await using var host = await JobHost.StartAsync(_script);

        var handle = await host.Jobs().EnqueueBatchAsync(new JobBatch().Add<ScriptedJob, Number>(new(1)));

        (await handle.WaitAsync().Guard()).State.ShouldBe(JobState.Succeeded);
    }

    [Fact]
    public async Task Cancel_OfABatch_CancelsWhatIsLeft()
    {
        _script.Run = static async (_, _, token) =>
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, token);
            return JobOutcome.Done;
        };
        await using var host = await JobHost.StartAsync(_script);
        var handle = await host.Jobs().EnqueueBatchAsync(new JobBatch().Add<ScriptedJob, Number>(new(1)).Add<ScriptedJob, Number>(new(2), new JobOptions { Delay = TimeSpan.FromHours(1) }));

        (await handle.CancelAsync("enough")).ShouldBe(3);

        (await handle.WaitAsync().Guard()).State.ShouldBe(JobState.Cancelled);
        for (JobBatchStatus? now = await handle.GetAsync(); now!.States.GetValueOrDefault(JobState.Cancelled) != 2; now = await handle.GetAsync())
        {
            now.Left.ShouldBe(1, "the one that runs");
            await Task.Yield();
        }

        (await handle.GetAsync())!.Left.ShouldBe(0);
    }

    [Fact]
    public async Task Batch_ThatCannotBe_SaysWhy()
    {
        await using var host = await JobHost.StartAsync(_script);

        (await Should.ThrowAsync<ArgumentException>(async () => await host.Jobs().EnqueueBatchAsync(new JobBatch()))).Message.ShouldBe(
            "The batch has 0 jobs; it must be from 1 to 100000. Make several of them. (Parameter 'batch')");
        Should.Throw<ArgumentException>(static () => new JobBatch().Add<ScriptedJob, Number>(new(1), new JobOptions { UniqueKey = "u" })).Message.ShouldBe(
            "UniqueKey is u; a job of a batch has none. Enqueue it alone. (Parameter 'options')");
        Should.Throw<InvalidOperationException>(static () => new JobBatch().AtEnd<ScriptedJob, Number>(new(1)).AtEnd<ScriptedJob, Number>(new(1))).Message.ShouldBe(
            "The batch has a job at its end already. Let other jobs run after that one: JobOptions.After.");
    }
}
