using System.Collections.Concurrent;
using Runtime.Core;
using Runtime.Hosting.Tests.Support;

namespace Runtime.Hosting.Tests.Queues;

/// <summary>A random program: several actors enqueue, cancel, reconfigure and look at one queue, until one of them stops it.</summary>
internal sealed class QueueProgram(int seed)
{
    private readonly ConcurrentBag<WorkHandle> _handles = [];
    private long _started;

    public async Task RunAsync()
    {
        var random = new Random(seed);
        await using var rig = await QueueRig.StartAsync(
            options =>
            {
                options.WorkerThreads = random.Next(1, 4);
                options.StarvationThreshold = TimeSpan.FromMilliseconds(random.Next(1, 50));
                Change(options, random);
            },
            log: false);

        var actors = Enumerable.Range(0, 4).Select(actor => Task.Run(() => ActAsync(rig, new Random(seed + actor)))).ToArray();
        if (random.Next(2) == 0)
        {
            await Task.WhenAny(actors);
        }

        var drain = random.Next(2) == 0 ? Guards.Patience : TimeSpan.FromMilliseconds(random.Next(5));
        var report = await rig.Queue.StopAsync(drain, Guards.Patience, CancellationToken.None).Guard();
        await Task.WhenAll(actors).Guard();

        var end = rig.Snapshot;
        QueueRig.ShouldAddUp(end);
        end.Accepted.ShouldBe(_handles.Count(static handle => handle is not null));
        (end.Queued, end.Running, end.Waiters, end.Abandoned).ShouldBe((0, 0, 0, 0));
        report.Abandoned.ShouldBe(0);
        rig.Queue.LiveKeys.ShouldBe(0);
        rig.Queue.ShareKeys.ShouldBe(0);
        CountOf(WorkStatus.Succeeded).ShouldBe(end.Succeeded);
        CountOf(WorkStatus.Failed).ShouldBe(end.Failed);
        CountOf(WorkStatus.Cancelled).ShouldBe(end.Cancelled);
        CountOf(WorkStatus.Dropped).ShouldBe(end.Dropped);
        _started.ShouldBe(_handles.Count(static handle => handle.StartedAt is not null));
        foreach (var handle in _handles)
        {
            await handle.Completion.ContinueWith(static _ => { }, TaskScheduler.Default).Guard();
        }
    }

    private async Task ActAsync(QueueRig rig, Random random)
    {
        List<WorkHandle> mine = [];
        for (var i = 0; i < 150; i++)
        {
            switch (random.Next(12))
            {
                case 0 when mine.Count > 0:
                    mine[random.Next(mine.Count)].Cancel("the program says so");
                    break;
                case 1:
                    lock (this)
                    {
                        rig.Reconfigure(options => Change(options, random));
                    }

                    break;
                case 2:
                    QueueRig.ShouldAddUp(rig.Snapshot);
                    break;
                case 3 when mine.Count > 0:
                    rig.Queues.TryGet(mine[random.Next(mine.Count)].Id, out _);
                    break;
                default:
                    await EnqueueAsync(rig, random, mine);
                    break;
            }
        }
    }

    private async Task EnqueueAsync(QueueRig rig, Random random, List<WorkHandle> mine)
    {
        using var cancellation = new CancellationTokenSource();
        var options = RandomOptions(random);
        var work = RandomWork(random);
        try
        {
            WorkHandle? handle;
            if (random.Next(3) == 0)
            {
                rig.Queue.TryEnqueue(work, options, out handle);
            }
            else
            {
                if (random.Next(4) == 0)
                {
                    cancellation.CancelAfter(random.Next(3));
                }

                handle = await rig.Queue.EnqueueAsync(work, options, cancellation.Token);
            }

            // A unique key may have given the handle of an item that is in the bag already.
            if (handle is not null)
            {
                lock (_handles)
                {
                    if (!_handles.Contains(handle))
                    {
                        _handles.Add(handle);
                    }
                }

                mine.Add(handle);
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or QueueFullException or DeadlineUnattainableException or RuntimeNotRunningException)
        {
            // Refused in one of the ways in which it may be.
        }
    }

    private Func<CancellationToken, ValueTask> RandomWork(Random random)
    {
        var kind = random.Next(6);
        return async ct =>
        {
            Interlocked.Increment(ref _started);
            switch (kind)
            {
                case 0:
                    throw new InvalidOperationException("as planned");
                case 1:
                    await Task.Yield();
                    throw new OperationCanceledException("of somebody else");
                case 2:
                    await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System, ct);
                    break;
                case 3:
                    await Task.Yield();
                    break;
            }
        };
    }

    private static EnqueueOptions RandomOptions(Random random) => new()
    {
        Priority = (TaskPriority)random.Next(5),
        Deadline = random.Next(4) == 0 ? TimeSpan.FromMilliseconds(random.Next(100)) : null,
        Delay = random.Next(8) == 0 ? TimeSpan.FromMilliseconds(random.Next(5)) : null,
        Timeout = random.Next(8) == 0 ? TimeSpan.FromMilliseconds(random.Next(1, 5)) : null,
        ConcurrencyKey = random.Next(3) == 0 ? $"key {random.Next(3)}" : null,
        ShareKey = random.Next(3) == 0 ? $"share {random.Next(4)}" : null,
        ConcurrencyLimit = random.Next(1, 4),
        UniqueKey = random.Next(6) == 0 ? $"unique {random.Next(4)}" : null,
    };

    private static void Change(AsyncRuntimeHostingOptions options, Random random)
    {
        options.EnablePriorityScheduling = random.Next(4) != 0;
        options.Queue.Capacity = random.Next(1, 20);
        options.Queue.MaxConcurrency = random.Next(0, 5);
        options.Queue.FullMode = (QueueFullMode)random.Next(4);
        options.Queue.Admission = (QueueAdmission)random.Next(2);
        options.Queue.ShareWeights = random.Next(2) == 0 ? [] : [$"share 1={random.Next(1, 5)}"];
        options.Queue.HistorySize = random.Next(0, 20);
    }

    private long CountOf(WorkStatus status) => _handles.LongCount(handle => handle.Status == status);
}
