using System.Collections.Concurrent;
using System.Diagnostics;
using Runtime.Core;
using Runtime.Hosting.Tests.Support;

namespace Runtime.Hosting.Tests.Queues;

public sealed class QueueTracingTests
{
    private static ValueTask Nothing(CancellationToken ct) => ValueTask.CompletedTask;

    [Fact]
    public async Task Item_StartsSoonAfterARequestEnqueuedIt_IsAChildOfItsSpan()
    {
        using var spans = new Spans();
        await using var rig = await QueueRig.StartAsync(log: false);
        using var request = spans.StartRequest();
        Activity? inWork = null;
        Activity? afterAwait = null;
        var handle = await rig.Queue.EnqueueAsync(
            async ct =>
            {
                inWork = Activity.Current;
                await Task.Yield();
                afterAwait = Activity.Current;
            },
            new EnqueueOptions { Name = "send mail", Priority = TaskPriority.High });
        await handle.Completion.Guard();

        var span = await spans.OfAsync(handle);

        span.OperationName.ShouldBe("process default");
        span.Kind.ShouldBe(ActivityKind.Consumer);
        span.TraceId.ShouldBe(request.TraceId);
        span.ParentSpanId.ShouldBe(request.SpanId);
        span.Links.ShouldBeEmpty();
        span.GetTagItem("async_runtime.queue").ShouldBe("default");
        span.GetTagItem("async_runtime.work.name").ShouldBe("send mail");
        span.GetTagItem("async_runtime.work.priority").ShouldBe("High");
        span.GetTagItem("async_runtime.work.outcome").ShouldBe("succeeded");
        inWork.ShouldBeSameAs(span);
        afterAwait.ShouldBeSameAs(span);
    }

    [Fact]
    public async Task Item_WaitedForLong_IsARootWithALink()
    {
        using var spans = new Spans();
        var clock = new ManualClock();
        await using var rig = await QueueRig.StartSerialAsync(clock: clock);
        var gate = await rig.HoldAsync();
        WorkHandle handle;
        ActivityContext context;
        using (var request = spans.StartRequest())
        {
            context = request.Context;
            handle = await rig.Queue.EnqueueAsync(Nothing);
        }

        clock.Advance(TimeSpan.FromSeconds(1.5));
        gate.Open();
        await handle.Completion.Guard();

        var span = await spans.OfAsync(handle);
        span.TraceId.ShouldNotBe(context.TraceId);
        span.ParentSpanId.ShouldBe(default);
        span.Links.ShouldHaveSingleItem().Context.ShouldBe(context);
    }

    [Fact]
    public async Task Item_Delayed_IsARootWithALinkHoweverShortTheDelay()
    {
        using var spans = new Spans();
        await using var rig = await QueueRig.StartAsync();
        using var request = spans.StartRequest();
        var handle = await rig.Queue.EnqueueAsync(Nothing, new EnqueueOptions { Delay = TimeSpan.FromMilliseconds(1) });
        await handle.Completion.Guard();

        var span = await spans.OfAsync(handle);

        span.ParentSpanId.ShouldBe(default);
        span.Links.ShouldHaveSingleItem().Context.ShouldBe(request.Context);
    }

    [Fact]
    public async Task Item_EnqueuedOutsideOfAnyTrace_IsARoot()
    {
        using var spans = new Spans();
        await using var rig = await QueueRig.StartAsync();
        var handle = await rig.Queue.EnqueueAsync(Nothing);
        await handle.Completion.Guard();

        var span = await spans.OfAsync(handle);

        span.Parent.ShouldBeNull();
        span.ParentSpanId.ShouldBe(default);
        span.Links.ShouldBeEmpty();
    }

    [Fact]
    public async Task Item_Fails_ItsSpanHasTheError()
    {
        using var spans = new Spans();
        await using var rig = await QueueRig.StartAsync();
        var handle = await rig.Queue.EnqueueAsync(static async ct =>
        {
            await Task.Yield();
            throw new InvalidOperationException("no");
        });
        await Should.ThrowAsync<InvalidOperationException>(() => handle.Completion.Guard());

        var span = await spans.OfAsync(handle);

        span.Status.ShouldBe(ActivityStatusCode.Error);
        span.StatusDescription.ShouldBe("no");
        span.GetTagItem("async_runtime.work.outcome").ShouldBe("failed");
        span.Events.ShouldContain(static happened => happened.Name == "exception");
    }

    [Fact]
    public async Task Item_NobodyListens_HasNoActivityAndNeitherHasAnIdleWorker()
    {
        await using var rig = await QueueRig.StartSerialAsync();
        using var request = new Activity("request").Start();
        Activity? inWork = request;

        await (await rig.Queue.EnqueueAsync(ct =>
        {
            inWork = Activity.Current;
            return ValueTask.CompletedTask;
        })).Completion.Guard();

        inWork.ShouldBeNull();
    }

    [Fact]
    public async Task Item_HasEnded_NothingOfItIsCurrentForTheNext()
    {
        using var spans = new Spans();
        await using var rig = await QueueRig.StartSerialAsync();
        var gate = await rig.HoldAsync();
        var seen = new List<Activity?>();
        var handles = new List<WorkHandle>();
        for (var i = 0; i < 5; i++)
        {
            handles.Add(await rig.Queue.EnqueueAsync(ct =>
            {
                seen.Add(Activity.Current!.Parent);
                seen.Add(Activity.Current);
                return ValueTask.CompletedTask;
            }));
        }

        gate.Open();
        await Task.WhenAll(handles.Select(static handle => handle.Completion)).Guard();

        seen.Where(static (_, index) => index % 2 == 0).ShouldAllBe(parent => parent == null);
        seen.Where(static (_, index) => index % 2 == 1).Distinct().Count().ShouldBe(5);
    }

    [Fact]
    public async Task Item_AListenerThrows_TheWorkGoesOn()
    {
        await using var rig = await QueueRig.StartAsync();
        var mine = new AsyncLocal<bool>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = static source => source.Name == "AsyncRuntime",
            Sample = static (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStarted = activity => ThrowIfOf(rig, activity),
            ActivityStopped = activity => ThrowIfOf(rig, activity),
        };
        ActivitySource.AddActivityListener(listener);

        await (await rig.Queue.EnqueueAsync(Nothing)).Completion.Guard();
        await (await rig.Queue.EnqueueAsync(static async ct => await Task.Yield())).Completion.Guard();
    }

    // Listeners are global: other tests' items must not see the exception.
    private static void ThrowIfOf(QueueRig rig, Activity activity)
    {
        if (AsyncRuntime.Current == rig.Runtime)
        {
            throw new InvalidOperationException($"a bad listener on {activity.OperationName}");
        }
    }

    /// <summary>Collects the spans of all queues of the process; a test picks its own by the id of its item.</summary>
    private sealed class Spans : IDisposable
    {
        private readonly ConcurrentQueue<Activity> _stopped = new();
        private readonly ActivityListener _listener;
        private readonly ActivitySource _requests = new($"requests {Guid.NewGuid()}");
        private readonly SemaphoreSlim _added = new(0);

        public Spans()
        {
            _listener = new ActivityListener
            {
                ShouldListenTo = source => source.Name == "AsyncRuntime" || source == _requests,
                Sample = static (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
                ActivityStopped = activity =>
                {
                    _stopped.Enqueue(activity);
                    _added.Release();
                },
            };
            ActivitySource.AddActivityListener(_listener);
        }

        public Activity StartRequest() => _requests.StartActivity("request")!;

        public async Task<Activity> OfAsync(WorkHandle handle)
        {
            while (true)
            {
                if (_stopped.FirstOrDefault(span => Equals(span.GetTagItem("async_runtime.work.id"), handle.Id)) is { } span)
                {
                    return span;
                }

                await _added.WaitAsync().Guard();
            }
        }

        public void Dispose()
        {
            _listener.Dispose();
            _requests.Dispose();
            _added.Dispose();
        }
    }
}
