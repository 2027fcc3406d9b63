using Runtime.Core;
using Runtime.Hosting.Tests.Support;

namespace Runtime.Hosting.Tests.Queues;

public sealed class QueueClaimStressTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(null)]
    public async Task BriskItems_WithCancelsIdsAndUrgentOnesBetween_BooksAreExactAtEveryMoment(int? fixedSeed)
    {
        var seed = fixedSeed ?? Environment.TickCount;
        try
        {
            await RunAsync(seed);
        }
        catch (Exception exception)
        {
            throw new InvalidOperationException($"Seed {seed}: {exception.Message}", exception);
        }
    }

    private static async Task RunAsync(int seed)
    {
        const int Rounds = 60;
        const int Items = 400;
        await using var rig = await QueueRig.StartAsync(static options => options.Queue.MaxConcurrency = 3, log: false);
        using var stop = new CancellationTokenSource();
        var watcher = Task.Run(() => Watch(rig, stop.Token));
        var random = new Random(seed);
        long ran = 0;
        long ranAfterEnd = 0;
        for (var round = 0; round < Rounds; round++)
        {
            var handles = new WorkHandle[Items];
            for (var i = 0; i < Items; i++)
            {
                var fails = random.Next(50) == 0;
                var awaits = random.Next(20) == 0;
                var options = random.Next(30) == 0 ? new EnqueueOptions { Priority = (TaskPriority)random.Next(5) } : null;
                handles[i] = await rig.Queue.EnqueueAsync(
                    async ct =>
                    {
                        Interlocked.Increment(ref ran);
                        if (awaits)
                        {
                            await Task.Yield();
                        }

                        if (fails)
                        {
                            throw new InvalidOperationException("as planned");
                        }
                    },
                    options);
                switch (random.Next(25))
                {
                    case 0:
                        handles[random.Next(i + 1)].Cancel();
                        break;
                    case 1:
                        rig.Queues.TryGet(handles[random.Next(i + 1)].Id, out _).ShouldBeTrue();
                        break;
                    case 2:
                        rig.Queue.AssumeBrisk();
                        break;
                }
            }

            var started = 0;
            for (var i = 0; i < Items; i++)
            {
                await handles[i].Completion.ContinueWith(static _ => { }, TaskScheduler.Default).Guard();
                started += handles[i].StartedAt is null ? 0 : 1;
            }

            // Whoever has awaited a handle finds it in the books.
            var s = rig.Snapshot;
            QueueRig.ShouldAddUp(s);
            (s.Succeeded + s.Failed + s.Cancelled).ShouldBe((round + 1L) * Items, s.ToString());
            (s.Queued, s.Running).ShouldBe((0, 0), s.ToString());
            ranAfterEnd += started;
            Interlocked.Read(ref ran).ShouldBe(ranAfterEnd, "each item that has started has run once");
        }

        await stop.CancelAsync();
        await watcher.Guard();
    }

    private static void Watch(QueueRig rig, CancellationToken stop)
    {
        long succeeded = 0;
        for (var look = 0; !stop.IsCancellationRequested; look++)
        {
            // A look at the count leaves the claims alone, a snapshot calls them back: mostly the former, so that there are claims.
            rig.Queue.Count.ShouldBeInRange(0, 400);
            if (look % 64 == 0)
            {
                var s = rig.Snapshot;
                QueueRig.ShouldAddUp(s);
                s.Running.ShouldBeInRange(0, 3, s.ToString());
                s.Succeeded.ShouldBeGreaterThanOrEqualTo(succeeded, "what has succeeded once stays so");
                succeeded = s.Succeeded;
            }
        }
    }
}
