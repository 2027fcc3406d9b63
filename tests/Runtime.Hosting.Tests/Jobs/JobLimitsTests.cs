using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Runtime.Hosting.Tests.Support;

namespace Runtime.Hosting.Tests.Jobs;

/// <summary>How much a process takes at once.</summary>
public sealed class JobLimitsTests
{
    private readonly Script _script = new();

    [Fact]
    public async Task QueueConcurrency_OfAQueue_IsNotExceeded_AndOthersPass()
    {
        const int Jobs = 40;
        var (running, most) = (0, 0);
        var (others, both) = (new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously), new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        _script.Run = async (args, context, _) =>
        {
            if (context.Queue == "other")
            {
                others.TrySetResult();
                return JobOutcome.Done;
            }

            var now = Interlocked.Increment(ref running);
            InterlockedMax(ref most, now);
            if (now == 2)
            {
                both.TrySetResult();
            }

            await Task.WhenAll(others.Task, both.Task); // the first of the narrow queue hold all its places until the other queue has had its turn
            Interlocked.Decrement(ref running);
            return JobOutcome.Done;
        };
        await using var host = await JobHost.StartAsync(_script, ("Jobs:QueueConcurrency:0", "narrow=2"), ("Jobs:QueueConcurrency:1", "unused=1"));

        var narrow = await host.Jobs().EnqueueManyAsync<ScriptedJob, Number>(Enumerable.Range(0, Jobs).Select(static i => new Number(i)), new JobOptions { Queue = "narrow" });
        var other = await host.Jobs().EnqueueAsync<ScriptedJob, Number>(new(-1), new JobOptions { Queue = "other" });
        await other.WaitAsync().Guard();
        await Task.WhenAll(narrow.Select(static handle => handle.WaitAsync())).Guard();

        most.ShouldBe(2);

        static void InterlockedMax(ref int target, int value)
        {
            for (var seen = Volatile.Read(ref target); value > seen; seen = Volatile.Read(ref target))
            {
                Interlocked.CompareExchange(ref target, value, seen);
            }
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Rate_OfAQueueOrAKey_SpreadsTheStarts_AndOthersPass(bool isOfQueue)
    {
        var period = TimeSpan.FromMilliseconds(300);
        var others = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _script.Run = (_, context, _) =>
        {
            if (context.Queue == "other")
            {
                others.TrySetResult();
            }

            return new(JobOutcome.Done);
        };
        await using var host = await JobHost.StartAsync(_script, ("Jobs:QueueRates:0", isOfQueue ? "slow=2/00:00:00.3" : "unused=2/00:00:00.3"));
        var options = new JobOptions { Queue = "slow" };
        var began = TimeProvider.System.GetTimestamp();

        var slow = await host.Jobs().EnqueueManyAsync<ScriptedJob, Number>(
            Enumerable.Range(0, 8).Select(static i => new Number(i)), isOfQueue ? options : options with { RateKey = "r", RateLimit = 2, RatePeriod = period });
        await host.Jobs().EnqueueAsync<ScriptedJob, Number>(new(-1), new JobOptions { Queue = "other" });
        await others.Task.Guard();
        await Task.WhenAll(slow.Select(static handle => handle.WaitAsync())).Guard();

        TimeProvider.System.GetElapsedTime(began).ShouldBeGreaterThanOrEqualTo(period * 3); // however slow the machine: the last two cannot have started before that
    }

    [Fact]
    public async Task MaxConcurrency_RaisedByAReload_CountsAtOnce()
    {
        var both = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var running = 0;
        _script.Run = async (_, _, _) =>
        {
            if (Interlocked.Increment(ref running) == 2)
            {
                both.TrySetResult();
            }

            await both.Task;
            return JobOutcome.Done;
        };
        await using var host = await JobHost.StartAsync(_script, ("Jobs:MaxConcurrency", "1"));
        var handles = await host.Jobs().EnqueueManyAsync<ScriptedJob, Number>([new(1), new(2)]);
        var configuration = (IConfigurationRoot)host.Services.GetRequiredService<IConfiguration>();

        configuration["AsyncRuntime:Jobs:MaxConcurrency"] = "2";
        configuration.Reload();

        await Task.WhenAll(handles.Select(static handle => handle.WaitAsync())).Guard();
    }

    [Fact]
    public async Task NodeName_Configured_IsThatOfItsRunsAndCanBePaused()
    {
        await using var host = await JobHost.StartAsync(_script, ("Jobs:NodeName", "blue"));
        var first = await host.Jobs().EnqueueAsync<ScriptedJob, Number>(new(1));
        (await first.WaitAsync().Guard()).Node.ShouldBe("blue");
        await host.Jobs().PauseAsync(new JobPause(JobPauseScope.Node, "blue"));
        var second = await host.Jobs().EnqueueAsync<ScriptedJob, Number>(new(2));
        (await second.GetAsync())!.State.ShouldBe(JobState.Queued);

        await host.Jobs().ResumeAsync(JobPauseScope.Node, "blue");

        (await second.WaitAsync().Guard()).State.ShouldBe(JobState.Succeeded);
    }
}
