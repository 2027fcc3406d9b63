using System.Collections.Concurrent;
using Runtime.Hosting.Jobs;
using Runtime.Hosting.Tests.Support;

namespace Runtime.Hosting.Tests.Jobs.Cells;

/// <summary>What the cells share.</summary>
public sealed partial class CellEngineTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(7)]
    public async Task Room_OfTheProcessAndOfAQueue_IsNeverExceededByAllCellsTogether(int most)
    {
        const int Jobs = 300;
        var (running, narrow) = (0, 0);
        var exceeded = new ConcurrentQueue<string>();
        _script.Run = async (_, context, _) =>
        {
            Check(ref running, most, "process");
            if (context.Queue == "narrow")
            {
                Check(ref narrow, 1, "queue");
                await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System); // long enough for another to come
                Interlocked.Decrement(ref narrow);
            }

            await Task.Yield();
            Interlocked.Decrement(ref running);
            return JobOutcome.Done;
        };
        foreach (var trouble in _troubles)
        {
            trouble.IsSlow = true; // so that they claim at the same time
        }

        await using var host = await StartAsync(("Jobs:MaxConcurrency", $"{most}"), ("Jobs:QueueConcurrency:0", "narrow=1"));

        var handles = await Task.WhenAll(Enumerable.Range(0, Jobs).Select(i => host.Jobs().EnqueueAsync<ScriptedJob, Number>(new(i), new JobOptions { ShardBy = $"{i % Cells}", Queue = i % 5 == 0 ? "narrow" : "wide" }).AsTask()));
        await Task.WhenAll(handles.Select(static handle => handle.WaitAsync())).Guard();

        exceeded.ShouldBeEmpty();
        _script.Runs.Count.ShouldBe(Jobs);

        void Check(ref int count, int limit, string what)
        {
            if (Interlocked.Increment(ref count) is var now && now > limit)
            {
                exceeded.Enqueue($"{now} in the {what}");
            }
        }
    }

    [Fact]
    public async Task CellsThatShareTheRoomOfAQueue_ComeToRestWhenItIsDone()
    {
        const int Jobs = 150;
        var claims = 0;
        foreach (var trouble in _troubles)
        {
            trouble.IsSlow = true;
            trouble.Before = member => Interlocked.Add(ref claims, member == nameof(IJobStore.ClaimAsync) ? 1 : 0);
        }

        _script.Run = static async (_, _, _) =>
        {
            await Task.Delay(TimeSpan.FromMilliseconds(3), TimeProvider.System); // so that the queue is full for a while
            return JobOutcome.Done;
        };
        await using var host = await StartAsync(("Jobs:MaxConcurrency", "20"), ("Jobs:QueueConcurrency:0", "rep=2"));

        var handles = await Task.WhenAll(Enumerable.Range(0, Jobs).Select(i => host.Jobs().EnqueueAsync<ScriptedJob, Number>(new(i), new JobOptions { ShardBy = $"{i % Cells}", Queue = "rep" }).AsTask()));
        await Task.WhenAll(handles.Select(static handle => handle.WaitAsync())).Guard();

        await Eventually(async () =>
        {
            var before = Volatile.Read(ref claims);
            await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System);
            return Volatile.Read(ref claims) == before;
        }).Guard();
        claims.ShouldBeLessThan(Jobs * Cells * 8); // an enqueue and an end are each a reason for every cell to look
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Suspects_ThatAreThereBeforeTheStart_RunOneAfterTheOther_AndNothingBesideThem(bool hasCells)
    {
        var (running, suspects) = (0, 0);
        var beside = new ConcurrentQueue<string>();
        _script.Run = async (_, context, _) =>
        {
            var isSuspect = context.Queue == SuspectStore.Queue;
            var others = Interlocked.Increment(ref running) - 1;
            if ((isSuspect ? Interlocked.Increment(ref suspects) + others - 1 : Volatile.Read(ref suspects)) > 0)
            {
                beside.Enqueue($"{context.Queue} beside {others}");
            }

            await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System); // long enough for another to come
            Interlocked.Add(ref suspects, isSuspect ? -1 : 0);
            Interlocked.Decrement(ref running);
            return JobOutcome.Done;
        };
        for (var i = 0; i < 120; i++)
        {
            // Nobody enqueues later, so no store tells of anything any more.
            await _stores[hasCells ? i % Cells : 0].EnqueueAsync([new NewJob { Id = Guid.CreateVersion7(), Name = "scripted", Queue = i % 4 == 0 ? SuspectStore.Queue : "default", Arguments = "{\"value\":1}"u8.ToArray(), MaxAttempts = 1 }], null, CancellationToken.None);
        }

        var stores = _troubled.Select(SuspectStore.Around).ToList();
        foreach (var trouble in _troubles)
        {
            trouble.IsSlow = true;
        }

        await using var host = await StartAsync(hasCells ? new CellJobStore(stores, place: Place) : stores[0], null, ("Jobs:MaxConcurrency", "3"));
        await Eventually(() => Task.FromResult(_script.Runs.Count == 120)).Guard();

        beside.ShouldBeEmpty();
    }
}
