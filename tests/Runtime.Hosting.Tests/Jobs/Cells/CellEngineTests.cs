using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Runtime.Hosting.Jobs;
using Runtime.Hosting.Jobs.Memory;
using Runtime.Hosting.Tests.Support;

namespace Runtime.Hosting.Tests.Jobs.Cells;

/// <summary>A host whose jobs are spread over several cells, some of which are in trouble.</summary>
public sealed partial class CellEngineTests
{
    private const int Cells = 3;

    private readonly Script _script = new();
    private readonly MemoryJobStore[] _stores;
    private readonly IJobStore[] _troubled;
    private readonly TroubledStore[] _troubles;

    public CellEngineTests()
    {
        _stores = [.. Enumerable.Range(0, Cells).Select(static _ => new MemoryJobStore(TimeProvider.System))];
        var troubled = _stores.Select(TroubledStore.Around).ToList();
        _troubled = [.. troubled.Select(static one => one.Store)];
        _troubles = [.. troubled.Select(static one => one.Trouble)];
    }

    [Fact]
    public async Task Jobs_OfManyShards_RunFromAllCells_AndHandlesHearOfThem()
    {
        _script.Run = static async (args, context, _) =>
        {
            await Task.Yield();
            return JobOutcome.DoneWith(args.Value * 2);
        };
        await using var host = await StartAsync();

        var handles = new List<JobHandle>();
        for (var i = 0; i < 60; i++)
        {
            handles.Add(await host.Jobs().EnqueueAsync<ScriptedJob, Number>(new(i), new JobOptions { ShardBy = $"{i % Cells}" }));
        }

        var results = await Task.WhenAll(handles.Select(static handle => handle.GetResultAsync<int>())).Guard();
        results.ShouldBe(Enumerable.Range(0, 60).Select(static i => i * 2));
        foreach (var store in _stores)
        {
            (await store.CountAsync(new JobFilter(), CancellationToken.None)).ShouldBe(new Dictionary<JobState, long> { [JobState.Succeeded] = 20 });
        }
    }

    [Fact]
    public async Task ACellThatIsAwayAtTheStart_HoldsUpItsOwnJobsOnly_AndIsServedWhenItAnswers()
    {
        _troubles[1].IsAway = true;
        await using var host = await StartAsync(builder => builder.AddRecurringJob<TickJob>("there", "0 0 1 1 *", options: new JobOptions { ShardBy = "1" }).AddRecurringJob<TickJob>("here", "0 0 1 1 *", options: new JobOptions { ShardBy = "2" }));

        await RunAsync(host, "2");
        await RunAsync(host, null);
        var refused = await Should.ThrowAsync<JobStoreException>(async () => await host.Jobs().EnqueueAsync<ScriptedJob, Number>(new(1), new JobOptions { ShardBy = "1" }));
        refused.Message.ShouldBe("Cell 1 of the jobs has not been reached since the start; it is tried in the background. The log and /health have what it says.");
        var health = await host.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync();
        health.Status.ShouldBe(HealthStatus.Degraded);
        health.Entries.Values.Single().Description.ShouldNotBeNull().ShouldContain("Cell 1: It is away.");
        (await _stores[2].ListSchedulesAsync(CancellationToken.None)).ShouldHaveSingleItem().Name.ShouldBe("here");

        _troubles[1].IsAway = false;
        await Eventually(async () => (await _stores[1].ListSchedulesAsync(CancellationToken.None)).Count == 1);
        await RunAsync(host, "1");
        (await host.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync()).Status.ShouldBe(HealthStatus.Healthy);
    }

    [Fact]
    public async Task ACellThatHangsAtTheStart_HoldsUpNobody_AndIsOpenedOnce()
    {
        var (gate, openings) = (new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously), 0);
        _troubles[0].Gate = gate.Task;
        _troubles[0].Before = member => Interlocked.Add(ref openings, member == nameof(IJobStore.OpenAsync) ? 1 : 0);

        await using var host = await StartAsync();

        await RunAsync(host, "1");
        (await host.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync()).Entries.Values.Single().Description.ShouldNotBeNull().ShouldContain("Cell 0: It has not answered for 3 s.");
        gate.SetResult();
        await Eventually(async () => (await host.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync()).Status == HealthStatus.Healthy).Guard();
        await RunAsync(host, "0");
        openings.ShouldBe(1);
    }

    [Fact]
    public async Task AllCellsAway_AtTheStart_IsAStartThatFails()
    {
        foreach (var trouble in _troubles)
        {
            trouble.IsAway = true;
        }

        (await Should.ThrowAsync<JobStoreException>(async () => await StartAsync())).Message.ShouldBe("It is away.");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public async Task ACellThatHangsInItsClaimsAndEnds_HoldsUpNoOtherOne(int most)
    {
        var (running, exceeded) = (0, false);
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var go = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _script.Run = async (args, _, _) =>
        {
            exceeded |= Interlocked.Increment(ref running) > most;
            if (args.Value < 0)
            {
                started.TrySetResult();
                await go.Task;
            }

            Interlocked.Decrement(ref running);
            return JobOutcome.Done;
        };
        await using var host = await StartAsync(("Jobs:MaxConcurrency", $"{most}"));
        var hung = await host.Jobs().EnqueueAsync<ScriptedJob, Number>(new(-1), new JobOptions { ShardBy = "1" });
        await started.Task.Guard();
        _troubles[1].Gate = gate.Task;
        go.SetResult();
        var behind = await host.Jobs().EnqueueAsync<ScriptedJob, Number>(new(5), new JobOptions { ShardBy = "1" });

        for (var i = 0; i < 50; i++)
        {
            await RunAsync(host, i % 2 == 0 ? "0" : "2");
        }

        (await hung.GetAsync())!.State.ShouldBe(JobState.Running);
        var busy = await host.Jobs().EnqueueManyAsync<ScriptedJob, Number>(Enumerable.Range(0, 100).Select(static i => new Number(i)), new JobOptions { ShardBy = "2" });
        gate.SetResult();
        (await hung.WaitAsync().Guard()).State.ShouldBe(JobState.Succeeded);
        (await behind.WaitAsync().Guard()).State.ShouldBe(JobState.Succeeded);
        await Task.WhenAll(busy.Select(static handle => handle.WaitAsync())).Guard();
        exceeded.ShouldBeFalse();
    }

    [Fact]
    public async Task ACellThatHangs_HangsNoStop()
    {
        await using var host = await StartAsync();
        _troubles[1].Gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously).Task; // for ever
        await host.Jobs().EnqueueAsync<ScriptedJob, Number>(new(1), new JobOptions { ShardBy = "1" });
        await RunAsync(host, "2");

        await host.StopAsync();

        host.Logs.Of(EventIds.JobStoreLeft).ShouldNotBeEmpty();
    }

    [Fact]
    public async Task LeasesThatACellHasLost_AreThoseOfItsOwnRuns()
    {
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var reasons = new ConcurrentDictionary<int, string?>();
        _script.Run = async (args, context, token) =>
        {
            await release.Task.WaitAsync(token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
            reasons[args.Value] = context.CancellationReason;
            return JobOutcome.Done;
        };
        await using var host = await StartAsync();
        var handles = new List<JobHandle>();
        for (var i = 0; i < Cells; i++)
        {
            handles.Add(await host.Jobs().EnqueueAsync<ScriptedJob, Number>(new(i), new JobOptions { ShardBy = $"{i}" }));
        }

        await Eventually(() => Task.FromResult(_script.Runs.Count == Cells));
        _troubles[1].Listener!.LeasesLost("gone");
        await handles[1].WaitAsync().Guard();
        release.SetResult();
        await Task.WhenAll(handles.Select(static handle => handle.WaitAsync())).Guard();

        reasons.OrderBy(static one => one.Key).Select(static one => one.Value).ShouldBe([null, "gone", null]);
    }

    [Fact]
    public async Task ACellThatComesAndGoes_LosesNoJob_WhileTheOthersWork()
    {
        await using var host = await StartAsync(("Jobs:MaxConcurrency", "8"));
        var random = new Random(11);
        var handles = new List<JobHandle>();
        for (var i = 0; i < 200; i++)
        {
            if (i % 10 == 0)
            {
                foreach (var trouble in _troubles)
                {
                    trouble.IsAway = random.Next(3) == 0;
                }
            }

            try
            {
                handles.Add(await host.Jobs().EnqueueAsync<ScriptedJob, Number>(new(i), new JobOptions { ShardBy = $"{i % Cells}" }));
            }
            catch (JobStoreException exception)
            {
                exception.Message.ShouldBe($"Cell {i % Cells}: It is away.");
            }
        }

        foreach (var trouble in _troubles)
        {
            trouble.IsAway = false;
        }

        await Task.WhenAll(handles.Select(static handle => handle.WaitAsync())).Guard();
        _script.Runs.Count.ShouldBe(handles.Count);
        handles.Count.ShouldBeGreaterThan(50);
    }

    [Fact]
    public async Task Batch_OfAShard_IsInItsCell_AndOfTwoIsRefused()
    {
        await using var host = await StartAsync();
        var batch = new JobBatch { ShardBy = "2" }.Add<ScriptedJob, Number>(new(1)).Add<ScriptedJob, Number>(new(2), new JobOptions { ShardBy = "2" }).AtEnd<ScriptedJob, Number>(new(3));

        var handle = await host.Jobs().EnqueueBatchAsync(batch);

        (await handle.WaitAsync().Guard()).States.ShouldBe(new Dictionary<JobState, long> { [JobState.Succeeded] = 2 });
        (await _stores[2].CountAsync(new JobFilter(), CancellationToken.None)).ShouldHaveSingleItem().Value.ShouldBe(3);
        var after = await host.Jobs().EnqueueAsync<ScriptedJob, Number>(new(4), new JobOptions { After = handle.Id });
        await after.WaitAsync().Guard();
        (await _stores[2].GetAsync(after.Id, CancellationToken.None)).ShouldNotBeNull();
        Should.Throw<ArgumentException>(() => batch.Add<ScriptedJob, Number>(new(5), new JobOptions { ShardBy = "1" }))
            .Message.ShouldStartWith("ShardBy is '1', and '2' for the batch; all of its jobs have the same. Leave it out, or make a batch for each.");
    }

    [Fact]
    public async Task Batch_WhoseJobsNameAShard_IsThere()
    {
        await using var host = await StartAsync();

        var handle = await host.Jobs().EnqueueBatchAsync(new JobBatch().Add<ScriptedJob, Number>(new(1)).Add<ScriptedJob, Number>(new(2), new JobOptions { ShardBy = "1" }));

        await handle.WaitAsync().Guard();
        (await _stores[1].CountAsync(new JobFilter(), CancellationToken.None)).ShouldHaveSingleItem().Value.ShouldBe(3);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Keys_OfTwoShards_AreApart_WhereverTheyAre(bool hasCells)
    {
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _script.Run = async (args, _, _) =>
        {
            await (args.Value > 0 ? release.Task : Task.CompletedTask);
            return JobOutcome.Done;
        };
        await using var host = hasCells ? await StartAsync() : await JobHost.StartAsync(_script);
        var one = new JobOptions { ShardBy = "1", UniqueKey = "u", ConcurrencyKey = "c", Delay = TimeSpan.FromHours(1) };

        var first = await host.Jobs().EnqueueAsync<ScriptedJob, Number>(new(0), one);
        var again = await host.Jobs().EnqueueAsync<ScriptedJob, Number>(new(0), one);
        var other = await host.Jobs().EnqueueAsync<ScriptedJob, Number>(new(0), one with { ShardBy = "x" });
        (again.Id, again.IsDuplicate, other.IsDuplicate).ShouldBe((first.Id, true, false));

        var limited = new JobOptions { ConcurrencyKey = "c", RateKey = "r" };
        var runs = await host.Jobs().EnqueueAsync<ScriptedJob, Number>(new(1), limited with { ShardBy = "1" });
        await Eventually(async () => (await runs.GetAsync())!.State == JobState.Running);
        var behind = await host.Jobs().EnqueueAsync<ScriptedJob, Number>(new(1), limited with { ShardBy = "1", RateKey = null });
        await Eventually(async () => (await behind.GetAsync())!.State == JobState.Blocked);
        foreach (var shard in new[] { "x", null })
        {
            var passes = await host.Jobs().EnqueueAsync<ScriptedJob, Number>(new(0), limited with { ShardBy = shard });
            (await passes.WaitAsync().Guard()).State.ShouldBe(JobState.Succeeded);
        }

        (await behind.GetAsync())!.Reason.ShouldBe("The 1 places of the concurrency key 'c' are taken.");
        var info = (await first.GetAsync())!;
        (info.UniqueKey, info.ConcurrencyKey).ShouldBe(("u", "c"));
        (await runs.GetAsync())!.RateKey.ShouldBe("r");
        release.SetResult();
        await behind.WaitAsync().Guard();
    }

    private static int? Place(string value) => int.TryParse(value, out var cell) ? cell : null;

    private static async Task Eventually(Func<Task<bool>> condition)
    {
        while (!await condition())
        {
            await Task.Yield();
        }
    }

    private async Task RunAsync(TestHost host, string? shardBy)
    {
        var handle = await host.Jobs().EnqueueAsync<ScriptedJob, Number>(new(1), new JobOptions { ShardBy = shardBy });
        (await handle.WaitAsync().Guard()).State.ShouldBe(JobState.Succeeded);
    }

    private Task<TestHost> StartAsync(params (string Key, string? Value)[] settings) => StartAsync(null, settings);

    private Task<TestHost> StartAsync(Action<IAsyncRuntimeBuilder>? configure, params (string Key, string? Value)[] settings) => StartAsync(new CellJobStore(_troubled, place: Place), configure, settings);

    private Task<TestHost> StartAsync(IJobStore store, Action<IAsyncRuntimeBuilder>? configure, params (string Key, string? Value)[] settings) => JobHost.StartAsync(
        _script,
        builder =>
        {
            builder.Services.Replace(ServiceDescriptor.Singleton(store));
            configure?.Invoke(builder.Services.AddAsyncRuntime());
        },
        settings);
}
