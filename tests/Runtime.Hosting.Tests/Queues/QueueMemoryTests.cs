using Runtime.Hosting.Tests.Support;

namespace Runtime.Hosting.Tests.Queues;

/// <summary>What must be measured while no other test allocates in this process.</summary>
[Collection(nameof(AloneCollection))]
public sealed class QueueMemoryTests
{
    [Fact]
    public async Task EnqueueAsync_AMillionItemsThroughASmallQueue_KeepsMemoryFlat()
    {
        await using var rig = await QueueRig.StartAsync(static options => options.Queue.Capacity = 1000, log: false);
        long ran = 0;
        async Task RunAsync(int count)
        {
            WorkHandle? last = null;
            for (var i = 0; i < count; i++)
            {
                last = await rig.Queue.EnqueueAsync(ct =>
                {
                    Interlocked.Increment(ref ran);
                    return ValueTask.CompletedTask;
                });
                if (i % 10 == 0)
                {
                    _ = last.Id; // so that the tracker has something to remember, and to forget
                }
            }

            await last!.Completion.Guard();
        }

        await RunAsync(100_000);
        var before = GC.GetTotalMemory(forceFullCollection: true);
        await RunAsync(900_000);
        var after = GC.GetTotalMemory(forceFullCollection: true);

        // Far above the noise of a heap, and far below a leak of a few bytes an item.
        (after - before).ShouldBeLessThan(20_000_000);
        rig.Queue.RememberedItems.ShouldBeLessThanOrEqualTo(rig.Options.Queue.HistorySize);
        await rig.Queue.StopAsync(Guards.Patience, Guards.Patience, CancellationToken.None).Guard();
        ran.ShouldBe(1_000_000);
    }
}

/// <summary>Tests in here run one after another, and not beside any other.</summary>
[CollectionDefinition(nameof(AloneCollection), DisableParallelization = true)]
public sealed class AloneCollection;
