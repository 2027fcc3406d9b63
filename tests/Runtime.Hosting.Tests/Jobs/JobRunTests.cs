using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Runtime.Core;
using Runtime.Hosting.Jobs;
using Runtime.Hosting.Jobs.Memory;
using Runtime.Hosting.Tests.Support;

namespace Runtime.Hosting.Tests.Jobs;

public sealed class JobRunTests
{
    private readonly Script _script = new();

    [Fact]
    public async Task Enqueue_AJob_RunsOnTheRuntimeAndGivesItsResult()
    {
        _script.Run = static async (args, _, _) =>
        {
            await Task.Yield();
            return JobOutcome.DoneWith(new Number(args.Value * 2));
        };
        await using var host = await JobHost.StartAsync(_script);

        var handle = await host.Jobs().EnqueueAsync<ScriptedJob, Number>(new(21));

        (await handle.GetResultAsync<Number>().Guard()).ShouldBe(new Number(42));
        _script.Runs.ShouldHaveSingleItem().Thread!.ShouldStartWith("runtime-worker");
        (await handle.GetAsync())!.State.ShouldBe(JobState.Succeeded);
    }

    [Fact]
    public async Task Run_ThatThrows_IsTriedAgainAndThenFailed()
    {
        _script.Run = static (_, _, _) => throw new InvalidOperationException("no luck today");
        await using var host = await JobHost.StartAsync(_script, ("Jobs:RetryDelay", "00:00:00.001"));

        var handle = await host.Jobs().EnqueueAsync<ScriptedJob, Number>(new(1), new JobOptions { MaxAttempts = 3 });

        var failure = await Should.ThrowAsync<JobFailedException>(async () => await handle);
        (failure.Job.State, failure.Job.Attempt).ShouldBe((JobState.Failed, 3));
        failure.Job.Reason!.ShouldContain("no luck today");
        _script.Runs.Select(static run => run.Attempt).ShouldBe([1, 2, 3]);
    }

    [Fact]
    public async Task Run_ThatThrowsAnExceptionWithoutAText_HasFailed()
    {
        _script.Run = static (_, _, _) => throw new MuteException();
        await using var host = await JobHost.StartAsync(_script);

        var handle = await host.Jobs().EnqueueAsync<ScriptedJob, Number>(new(1), new JobOptions { MaxAttempts = 1 });

        (await handle.WaitAsync().Guard()).Reason.ShouldBe($"{typeof(MuteException)}, which threw {typeof(NotSupportedException)} when it was asked for its text.");
    }

    [Fact]
    public async Task Run_WithOutcomes_DoesWhatTheySay()
    {
        _script.Run = static (args, context, _) => new((args.Value, context.Attempt, context.LastError) switch
        {
            (1, 1, null) => JobOutcome.RetryIn(TimeSpan.Zero, "once more"),
            (1, 2, "once more") => JobOutcome.DoneWith("retried"),
            (2, _, _) => JobOutcome.Cancel("not needed"),
            _ => throw new InvalidOperationException("not expected"),
        });
        await using var host = await JobHost.StartAsync(_script);

        var retried = await host.Jobs().EnqueueAsync<ScriptedJob, Number>(new(1));
        var cancelled = await host.Jobs().EnqueueAsync<ScriptedJob, Number>(new(2));

        (await retried.GetResultAsync<string>().Guard()).ShouldBe("retried");
        var end = await cancelled.WaitAsync().Guard();
        (end.State, end.Reason).ShouldBe((JobState.Cancelled, "not needed"));
        await Should.ThrowAsync<OperationCanceledException>(async () => await cancelled);
    }

    [Fact]
    public async Task Run_ThatSnoozes_SpendsNoAttempt()
    {
        var snoozes = 0;
        _script.Run = (_, context, _) => new(Interlocked.Increment(ref snoozes) <= 5 ? JobOutcome.SnoozeFor(TimeSpan.Zero) : JobOutcome.DoneWith(context.Attempt));
        await using var host = await JobHost.StartAsync(_script);

        (await (await host.Jobs().EnqueueAsync<ScriptedJob, Number>(new(1), new JobOptions { MaxAttempts = 1 })).GetResultAsync<int>().Guard()).ShouldBe(1);
    }

    [Fact]
    public async Task Run_WhoseTimeIsUp_IsCancelledAndTriedAgain_AsItsAttributeSays()
    {
        _script.Run = static async (_, _, token) =>
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, token);
            return JobOutcome.Done;
        };
        await using var host = await JobHost.StartAsync(_script);

        var end = await (await host.Jobs().EnqueueAsync<LimitedJob, Number>(new(1))).WaitAsync().Guard();

        (end.State, end.Attempt, end.Queue).ShouldBe((JobState.Failed, 2, "slow"));
        end.Reason.ShouldBe("Its time was up: it may run for 00:00:00.0500000.");
    }

    [Fact]
    public async Task Cancel_BetweenTheClaimAndTheRun_ReachesTheRun()
    {
        _script.Run = static async (_, _, token) =>
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, token);
            return JobOutcome.Done;
        };
        await using var host = await JobHost.StartAsync(
            _script, static builder => builder.Services.Replace(ServiceDescriptor.Singleton(static _ => CancellingStore.Around(new MemoryJobStore(TimeProvider.System)))));

        var end = await (await host.Jobs().EnqueueAsync<ScriptedJob, Number>(new(1))).WaitAsync().Guard();

        (end.State, end.Reason).ShouldBe((JobState.Cancelled, "at once"));
    }

    [Fact]
    public async Task Cancel_ARunningJob_ReachesItsTokenWithTheReason()
    {
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        string? seen = null;
        _script.Run = async (_, context, token) =>
        {
            started.TrySetResult();
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            seen = context.CancellationReason;
            token.ThrowIfCancellationRequested();
            return JobOutcome.Done;
        };
        await using var host = await JobHost.StartAsync(_script);
        var handle = await host.Jobs().EnqueueAsync<ScriptedJob, Number>(new(1));
        await started.Task.Guard();

        (await handle.CancelAsync("changed my mind")).ShouldBe(JobCancellation.Requested);

        var end = await handle.WaitAsync().Guard();
        (end.State, end.Reason, seen).ShouldBe((JobState.Cancelled, "changed my mind", "changed my mind"));
    }

    [Fact]
    public async Task Report_OfProgress_CanBeReadWhileTheJobRuns()
    {
        var go = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _script.Run = async (_, context, _) =>
        {
            context.Report(0.25, "reading");
            await go.Task;
            return JobOutcome.Done;
        };
        await using var host = await JobHost.StartAsync(_script);
        var handle = await host.Jobs().EnqueueAsync<ScriptedJob, Number>(new(1));

        await Waiting.UntilAsync(async () => (await handle.GetAsync())!.Progress == new WorkProgress(0.25, "reading"));

        go.SetResult();
        await handle.WaitAsync().Guard();
    }

    [Fact]
    public async Task Report_RightBeforeTheEnd_IsKeptBesideIt()
    {
        _script.Run = static (args, context, _) =>
        {
            context.Report(0.5, $"row {args.Value}");
            return args.Value % 2 == 0 ? new(JobOutcome.Done) : throw new InvalidOperationException("on purpose");
        };
        await using var host = await JobHost.StartAsync(_script);
        for (var i = 0; i < 6; i++)
        {
            var handle = await host.Jobs().EnqueueAsync<ScriptedJob, Number>(new(i), new JobOptions { MaxAttempts = 1 });

            (await handle.WaitAsync().Guard()).Progress.ShouldBe(new WorkProgress(0.5, $"row {i}"));
        }
    }

    [Fact]
    public async Task Run_OfAnUnknownName_IsParkedUntilItIsRetried()
    {
        await using var host = await JobHost.StartAsync(_script);
        var store = host.Services.GetRequiredService<IJobStore>();
        var job = new NewJob { Id = Guid.CreateVersion7(), Name = "System.Diagnostics.Process, System", Queue = "default", Arguments = "{}"u8.ToArray(), MaxAttempts = 1 };
        await store.EnqueueAsync([job], null, CancellationToken.None);

        var end = await host.Jobs().FindAsync(job.Id);

        var info = await end!.WaitAsync().Guard();
        (info.State, info.Attempt).ShouldBe((JobState.Parked, 0));
        info.Reason!.ShouldContain("No job named 'System.Diagnostics.Process, System'");
        (await host.Jobs().RetryAsync(new JobFilter { Ids = [job.Id] })).ShouldBe(1);
    }

    [Theory]
    [InlineData("nonsense")]
    [InlineData("null")]
    [InlineData("{\"value\":\"text\"}")]
    [InlineData("[1")]
    public async Task Run_OfUnreadableArguments_IsParkedWithTheReason(string json)
    {
        await using var host = await JobHost.StartAsync(_script);
        var store = host.Services.GetRequiredService<IJobStore>();
        var job = new NewJob { Id = Guid.CreateVersion7(), Name = "scripted", Queue = "default", Arguments = System.Text.Encoding.UTF8.GetBytes(json), MaxAttempts = 1 };
        await store.EnqueueAsync([job], null, CancellationToken.None);

        var info = await (await host.Jobs().FindAsync(job.Id))!.WaitAsync().Guard();

        info.State.ShouldBe(JobState.Parked);
        info.Reason!.ShouldStartWith("The stored arguments cannot be read: ");
        _script.Runs.ShouldBeEmpty();
    }

    [Fact]
    public async Task Run_UnderAnOldName_IsTheJobThatHasItAsAnAlias()
    {
        await using var host = await JobHost.StartAsync(_script);
        var store = host.Services.GetRequiredService<IJobStore>();
        var job = new NewJob { Id = Guid.CreateVersion7(), Name = "scripted.old", Queue = "default", Arguments = "{\"value\":7}"u8.ToArray(), MaxAttempts = 1 };
        await store.EnqueueAsync([job], null, CancellationToken.None);

        (await (await host.Jobs().FindAsync(job.Id))!.WaitAsync().Guard()).State.ShouldBe(JobState.Succeeded);
        _script.Runs.ShouldHaveSingleItem().Value.ShouldBe(7);
    }

    [Fact]
    public async Task Stop_WhileJobsRun_HandsThemBackWithoutSpendingAnAttempt()
    {
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _script.Run = async (_, _, token) =>
        {
            started.TrySetResult();
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, token);
            return JobOutcome.Done;
        };
        var host = await JobHost.StartAsync(_script, ("Shutdown:DrainTimeout", "00:00:00"));
        var store = host.Services.GetRequiredService<IJobStore>();
        var handle = await host.Jobs().EnqueueAsync<ScriptedJob, Number>(new(1));
        await started.Task.Guard();

        await host.StopAsync();

        var job = (await store.GetAsync(handle.Id, CancellationToken.None))!;
        (job.State, job.Attempt, job.Reason).ShouldBe((JobState.Queued, 0, "The process stopped."));
        await host.DisposeAsync();
    }

    [Fact]
    public async Task Stop_WhileAJobIgnoresItsToken_HandsItBackAndRefusesItsEnd()
    {
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var go = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _script.Run = async (_, _, _) =>
        {
            started.TrySetResult();
            await go.Task;
            return JobOutcome.Done;
        };
        var host = await JobHost.StartAsync(_script, ("Shutdown:DrainTimeout", "00:00:00"), ("Shutdown:CancelTimeout", "00:00:00.010"));
        var store = host.Services.GetRequiredService<IJobStore>();
        var handle = await host.Jobs().EnqueueAsync<ScriptedJob, Number>(new(1));
        await started.Task.Guard();

        await host.StopAsync();
        go.SetResult();

        (await store.GetAsync(handle.Id, CancellationToken.None))!.State.ShouldBe(JobState.Queued);
        await host.DisposeAsync();
    }

    [Fact]
    public async Task Stop_WhileSomebodyWaitsForAJob_EndsTheWaiting()
    {
        var host = await JobHost.StartAsync(_script);
        var handle = await host.Jobs().EnqueueAsync<ScriptedJob, Number>(new(1), new JobOptions { Delay = TimeSpan.FromHours(1) });
        var waiting = handle.WaitAsync();
        waiting.IsCompleted.ShouldBeFalse();

        await host.StopAsync();

        (await Should.ThrowAsync<JobStoreException>(() => waiting.Guard())).Message.ShouldStartWith("The process is stopping, and the job is not over");
        await Should.ThrowAsync<JobStoreException>(() => handle.WaitAsync().Guard());
        await host.DisposeAsync();
    }

    [Fact]
    public async Task Enqueue_Many_AllRunAndNoneIsLost()
    {
        await using var host = await JobHost.StartAsync(_script);

        var handles = await host.Jobs().EnqueueManyAsync<ScriptedJob, Number>(Enumerable.Range(0, 2000).Select(static i => new Number(i)), new JobOptions { Priority = TaskPriority.Low });
        await Task.WhenAll(handles.Select(static handle => handle.WaitAsync())).Guard();

        _script.Runs.Select(static run => run.Value).Order().ShouldBe(Enumerable.Range(0, 2000));
        (await host.Jobs().CountAsync()).ShouldHaveSingleItem().ShouldBe(new(JobState.Succeeded, 2000));
    }

    [Fact]
    public async Task MaxConcurrency_OfJobs_IsNotExceeded()
    {
        var running = 0;
        var most = 0;
        _script.Run = async (_, _, _) =>
        {
            var now = Interlocked.Increment(ref running);
            InterlockedMax(ref most, now);
            await Task.Yield();
            Interlocked.Decrement(ref running);
            return JobOutcome.Done;
        };
        await using var host = await JobHost.StartAsync(_script, ("Jobs:MaxConcurrency", "3"));
        var handles = await host.Jobs().EnqueueManyAsync<ScriptedJob, Number>(Enumerable.Range(0, 200).Select(static i => new Number(i)));
        await Task.WhenAll(handles.Select(static handle => handle.WaitAsync())).Guard();

        most.ShouldBeLessThanOrEqualTo(3);
    }

    private static void InterlockedMax(ref int location, int value)
    {
        for (var seen = Volatile.Read(ref location); value > seen;)
        {
            var was = Interlocked.CompareExchange(ref location, value, seen);
            if (was == seen)
            {
                return;
            }

            seen = was;
        }
    }

    private sealed class MuteException : Exception
    {
        public override string Message => throw new NotSupportedException();

        public override string ToString() => throw new NotSupportedException();
    }
}
