using Microsoft.Extensions.DependencyInjection;
using Runtime.Hosting.Tests.Support;

namespace Runtime.Hosting.Tests.Queues;

public sealed class QueueScopeTests
{
    [Fact]
    public async Task EnqueueAsync_FormsWithServices_GetAScopeOfTheirOwnEach()
    {
        await using var rig = await QueueRig.StartAsync(services: static s => s.AddScoped<First>().AddScoped<Second>().AddScoped<Third>());
        var seen = new List<First>();
        var one = await rig.Queue.EnqueueAsync<First>((first, ct) =>
        {
            lock (seen)
            {
                seen.Add(first);
            }

            return ValueTask.CompletedTask;
        });
        var two = await rig.Queue.EnqueueAsync<First, Second>((first, second, ct) =>
        {
            second.First.ShouldBeSameAs(first);
            lock (seen)
            {
                seen.Add(first);
            }

            return ValueTask.CompletedTask;
        });
        var three = await rig.Queue.EnqueueAsync<First, Second, Third>((first, second, third, ct) =>
        {
            third.Second.ShouldBeSameAs(second);
            lock (seen)
            {
                seen.Add(first);
            }

            return ValueTask.CompletedTask;
        });
        var provider = await rig.Queue.EnqueueAsync((services, ct) =>
        {
            lock (seen)
            {
                seen.Add(services.GetRequiredService<First>());
            }

            return ValueTask.CompletedTask;
        });

        await Task.WhenAll(one.Completion, two.Completion, three.Completion, provider.Completion).Guard();

        seen.Distinct().Count().ShouldBe(4);
        seen.ShouldAllBe(first => first.IsDisposed);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task DeferScopeDisposal_ItemEndsBeforeItsServicesAreDisposedOf(bool awaits)
    {
        var slow = new SlowDisposal();
        await using var rig = await QueueRig.StartSerialAsync(
            static options =>
            {
                options.Queue.DeferScopeDisposal = true;
                options.Cleanup.Threshold = 1;
            },
            services => services.AddScoped(_ => new Slow(slow)));
        var handle = await rig.Queue.EnqueueAsync<Slow>(async (_, ct) =>
        {
            if (awaits)
            {
                await Task.Yield();
            }
        });

        await handle.Completion.Guard();
        await slow.Begun.Task.Guard();
        handle.Status.ShouldBe(WorkStatus.Succeeded);
        await (await rig.Queue.EnqueueAsync(static _ => ValueTask.CompletedTask)).Completion.Guard(); // its place is free
        rig.Runtime.Snapshot().Cleanup.Backlog.ShouldBe(1);

        slow.Finish.SetResult();
        await rig.Runtime.StopAsync().Guard();
        rig.Runtime.Snapshot().Cleanup.Backlog.ShouldBe(0);
    }

    [Fact]
    public async Task DeferScopeDisposal_ThatFails_DoesNotFailTheItem()
    {
        await using var rig = await QueueRig.StartSerialAsync(
            static options => options.Queue.DeferScopeDisposal = true,
            static services => services.AddScoped<Unclosable>());
        var handle = await rig.Queue.EnqueueAsync<Unclosable>(static (_, _) => ValueTask.CompletedTask);

        await handle.Completion.Guard();
        handle.Status.ShouldBe(WorkStatus.Succeeded);
        await rig.Runtime.StopAsync().Guard();
        rig.Runtime.Snapshot().Cleanup.Failed.ShouldBe(1);
    }

    [Fact]
    public async Task EnqueueAsync_FormWithAResultAndAProvider_GivesTheResult()
    {
        await using var rig = await QueueRig.StartAsync(services: static s => s.AddScoped<First>());
        var synchronous = await rig.Queue.EnqueueAsync<string>((services, ct) => ValueTask.FromResult(services.GetRequiredService<First>().GetType().Name));
        var asynchronous = await rig.Queue.EnqueueAsync<string>(async (services, ct) =>
        {
            await Task.Yield();
            return services.GetRequiredService<First>().GetType().Name;
        });

        (await synchronous.Completion.Guard()).ShouldBe(nameof(First));
        (await asynchronous.Completion.Guard()).ShouldBe(nameof(First));
    }

    [Fact]
    public async Task EnqueueAsync_PlainForm_OpensNoScope()
    {
        var scopes = 0;
        await using var rig = await QueueRig.StartAsync(services: s => s.AddScoped(_ =>
        {
            scopes++;
            return new First();
        }));

        await (await rig.Queue.EnqueueAsync(static ct => ValueTask.CompletedTask)).Completion.Guard();

        scopes.ShouldBe(0);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task EnqueueAsync_ServiceThatDisposesAsynchronously_HoldsTheItemAndItsPlaceUntilItIsDone(bool awaitsFirst)
    {
        var slow = new SlowDisposal();
        await using var rig = await QueueRig.StartSerialAsync(services: s => s.AddScoped(_ => new Slow(slow)));
        var handle = await rig.Queue.EnqueueAsync<Slow>(async (_, ct) =>
        {
            if (awaitsFirst)
            {
                await Task.Yield();
            }
        });
        await slow.Begun.Task.Guard();

        handle.Status.ShouldBe(WorkStatus.Running);
        rig.Snapshot.Running.ShouldBe(1);

        slow.Finish.SetResult();
        await handle.Completion.Guard();
        handle.Status.ShouldBe(WorkStatus.Succeeded);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task EnqueueAsync_DisposalThrows_TheItemHasFailedAndTheQueueGoesOn(bool awaitsFirst)
    {
        await using var rig = await QueueRig.StartSerialAsync(services: static s => s.AddScoped<BadDisposal>());
        var handle = await rig.Queue.EnqueueAsync<BadDisposal>(async (_, ct) =>
        {
            if (awaitsFirst)
            {
                await Task.Yield();
            }
        });

        (await Should.ThrowAsync<InvalidOperationException>(() => handle.Completion.Guard())).Message.ShouldBe("does not close");

        handle.Status.ShouldBe(WorkStatus.Failed);
        await (await rig.Queue.EnqueueAsync(static ct => ValueTask.CompletedTask)).Completion.Guard();
    }

    [Fact]
    public async Task EnqueueAsync_WorkAndDisposalThrow_TheWorksExceptionIsTold()
    {
        await using var rig = await QueueRig.StartSerialAsync(services: static s => s.AddScoped<BadDisposal>());
        var handle = await rig.Queue.EnqueueAsync<BadDisposal>(static (_, ct) => ValueTask.FromException(new InvalidOperationException("the work")));

        (await Should.ThrowAsync<InvalidOperationException>(() => handle.Completion.Guard())).Message.ShouldBe("the work");
    }

    [Fact]
    public async Task EnqueueAsync_ServiceCannotBeMade_TheItemHasFailed()
    {
        await using var rig = await QueueRig.StartSerialAsync();
        var handle = await rig.Queue.EnqueueAsync<First>(static (_, ct) => ValueTask.CompletedTask);

        var exception = await Should.ThrowAsync<InvalidOperationException>(() => handle.Completion.Guard());

        exception.Message.ShouldContain(nameof(First));
        handle.Status.ShouldBe(WorkStatus.Failed);
    }

    [Fact]
    public async Task WorkContext_InAnItem_IsThatItemsAndTakesItsProgress()
    {
        await using var rig = await QueueRig.StartAsync();
        var reported = Signals.New<WorkHandle>();
        var goOn = Signals.New();
        var handle = await rig.Queue.EnqueueAsync<WorkContext>(
            async (context, ct) =>
            {
                context.Report(0.5, "half way");
                reported.SetResult(context.Handle);
                await goOn.Task;
                context.Report(1);
            },
            new EnqueueOptions { Name = "import" });

        (await reported.Task.Guard()).ShouldBeSameAs(handle);
        handle.Progress.ShouldBe(new WorkProgress(0.5, "half way"));
        goOn.SetResult();
        await handle.Completion.Guard();
        handle.Progress.ShouldBe(new WorkProgress(1, null));
    }

    [Fact]
    public async Task WorkContext_ResolvedAfterAnAwait_IsStillThatItems()
    {
        await using var rig = await QueueRig.StartAsync();
        WorkHandle? seen = null;
        var handle = await rig.Queue.EnqueueAsync(async (services, ct) =>
        {
            await Task.Delay(TimeSpan.FromMilliseconds(1), rig.Runtime.TimeProvider, ct);
            seen = services.GetRequiredService<WorkContext>().Handle;
        });

        await handle.Completion.Guard();

        seen.ShouldBeSameAs(handle);
    }

    [Fact]
    public void WorkContext_OutsideOfAnItem_ThrowsAndSaysWhatToDo() =>
        Should.Throw<InvalidOperationException>(static () => Hosting.Queues.WorkItemContext.Current).Message.ShouldBe(
            "WorkContext was asked for outside of a queued work item, or after an await with ConfigureAwait(false). "
            + "Take it as an argument of the work or of a service that the work resolves from its own scope.");

    [Theory]
    [InlineData(-0.01)]
    [InlineData(1.01)]
    [InlineData(double.NaN)]
    public async Task Report_FractionOutOfRange_Throws(double fraction)
    {
        await using var rig = await QueueRig.StartAsync();
        var handle = await rig.Queue.EnqueueAsync<WorkContext>((context, ct) =>
        {
            context.Report(fraction);
            return ValueTask.CompletedTask;
        });

        await Should.ThrowAsync<ArgumentOutOfRangeException>(() => handle.Completion.Guard());
    }

    private sealed class First : IDisposable
    {
        public bool IsDisposed { get; private set; }

        public void Dispose() => IsDisposed = true;
    }

    private sealed class Second(First first)
    {
        public First First => first;
    }

    private sealed class Third(Second second)
    {
        public Second Second => second;
    }

    private sealed class SlowDisposal
    {
        public TaskCompletionSource Begun { get; } = Signals.New();

        public TaskCompletionSource Finish { get; } = Signals.New();
    }

    private sealed class Slow(SlowDisposal disposal) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            disposal.Begun.SetResult();
            await disposal.Finish.Task;
        }
    }

    private sealed class BadDisposal : IDisposable
    {
        public void Dispose() => throw new InvalidOperationException("does not close");
    }

    private sealed class Unclosable : IAsyncDisposable
    {
        public ValueTask DisposeAsync() => ValueTask.FromException(new InvalidOperationException("closing"));
    }
}
