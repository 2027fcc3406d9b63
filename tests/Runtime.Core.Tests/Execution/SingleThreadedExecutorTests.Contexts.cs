using Runtime.Core.Execution;

namespace Runtime.Core.Tests.Execution;

// What surrounds a continuation: contexts, schedulers, exceptions that are nobody's, memory.
public sealed partial class SingleThreadedExecutorTests
{
    [Fact]
    public void Spawn_AsyncLocal_FlowsInAndNothingFlowsOut()
    {
        using var executor = new SingleThreadedExecutor();
        var local = new AsyncLocal<string> { Value = "spawner" };
        var seen = new List<string?>();
        _ = executor.Spawn(async _ =>
        {
            seen.Add(local.Value);
            local.Value = "first";
            await Task.Yield();
            seen.Add(local.Value);
        });
        _ = executor.Spawn(_ =>
        {
            seen.Add(local.Value);
            local.Value = "second";
            return ValueTask.CompletedTask;
        });
        local.Value = "driver";
        executor.SynchronizationContext.Post(_ => local.Value = "posted", state: null);
        executor.SynchronizationContext.Post(_ => seen.Add(local.Value), state: null);
        executor.SynchronizationContext.Post(static _ => SynchronizationContext.SetSynchronizationContext(null), state: null);
        executor.SynchronizationContext.Post(_ => SingleThreadedExecutor.Current.ShouldBeSameAs(executor), state: null);

        executor.RunUntilStalled();

        seen.ShouldBe(["spawner", "spawner", "driver", "first"]);
        local.Value.ShouldBe("driver");
    }

    [Fact]
    public void Driving_Ends_GivesTheCallerItsContextBack()
    {
        using var executor = new SingleThreadedExecutor();
        var callers = new SynchronizationContext();
        var before = SynchronizationContext.Current;
        try
        {
            SynchronizationContext.SetSynchronizationContext(callers);
            using (ExecutionContext.SuppressFlow())
            {
                _ = executor.Spawn(_ =>
                {
                    SynchronizationContext.SetSynchronizationContext(null);
                    ExecutionContext.IsFlowSuppressed().ShouldBeFalse();
                    return ValueTask.CompletedTask;
                });
                executor.RunUntilStalled();
                ExecutionContext.IsFlowSuppressed().ShouldBeTrue();
            }

            SynchronizationContext.Current.ShouldBeSameAs(callers);
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(before);
        }
    }

    [Fact]
    public void PostedDelegate_Throws_LeavesTheDrivingCallAndTheRestStaysReady()
    {
        using var executor = new SingleThreadedExecutor();
        var ran = false;
        executor.SynchronizationContext.Post(static _ => throw new FormatException("nobody's"), state: null);
        executor.SynchronizationContext.Post(_ => ran = true, state: null);

        Should.Throw<FormatException>(() => executor.RunUntilStalled()).Message.ShouldBe("nobody's");
        ran.ShouldBeFalse();

        executor.RunUntilStalled().ShouldBe(1);
        ran.ShouldBeTrue();
    }

    [Fact]
    public void TaskScheduler_RunsTasksHere_AndInlineForWhomWaits()
    {
        using var executor = new SingleThreadedExecutor();
        var here = Environment.CurrentManagedThreadId;

        executor.BlockOn(async _ =>
        {
            var factory = new TaskFactory(executor.TaskScheduler);
            (await factory.StartNew(static () => Environment.CurrentManagedThreadId)).ShouldBe(here);
            factory.StartNew(static () => Environment.CurrentManagedThreadId).Result.ShouldBe(here);
        });
    }

    [Fact]
    public async Task Send_FromOutside_RunsOnTheDriverAndWaits()
    {
        using var executor = new SingleThreadedExecutor();
        var leave = Waiting.NewSignal();
        var inside = Waiting.NewSignal<int>();
        var driving = OnThread(() => executor.BlockOn(async _ =>
        {
            inside.SetResult(Environment.CurrentManagedThreadId);
            await leave.Task;
        }));
        var driver = await inside.Task.Guarded();
        var ranOn = 0;

        executor.SynchronizationContext.Send(_ => ranOn = Environment.CurrentManagedThreadId, state: null);
        Should.Throw<FormatException>(() => executor.SynchronizationContext.Send(static _ => throw new FormatException(), state: null));

        ranOn.ShouldBe(driver);
        leave.SetResult();
        await driving.Guarded();
    }

    [Fact]
    public void Spawn_AndYield_AllocateTheTaskOnly()
    {
        using var executor = new SingleThreadedExecutor();
        Func<CancellationToken, ValueTask> empty = static _ => ValueTask.CompletedTask;
        Func<CancellationToken, ValueTask> yielding = static async _ =>
        {
            for (var i = 0; i < 1_000; i++)
            {
                await Task.Yield();
            }
        };
        Measure(empty);
        Measure(yielding);

        // One object, state machine and task in one; a thousand yields add a delegate and their own state machine, once.
        Measure(empty).ShouldBeLessThan(256);
        Measure(yielding).ShouldBeLessThan(1_024);

        // The least of several: a collection in between gives the rest of the thread's allocation buffer back, which counts as allocated.
        long Measure(Func<CancellationToken, ValueTask> work)
        {
            var least = long.MaxValue;
            for (var round = 0; round < 10; round++)
            {
                var before = GC.GetAllocatedBytesForCurrentThread();
                executor.BlockOn(work);
                least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
            }

            return least;
        }
    }
}
