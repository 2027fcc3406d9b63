using Runtime.Hosting.Tests.Support;

namespace Runtime.Hosting.Tests.Queues;

public sealed class QueueStressTests
{
    [Fact]
    public async Task EnqueueAsync_WaitersAreCancelledAsTheyAreAdmitted_LosesNoItemAndNoWakeUp()
    {
        await using var rig = await QueueRig.StartAsync(static options => options.Queue.Capacity = 2, log: false);
        const int PerProducer = 3000;
        long ran = 0;
        long accepted = 0;
        long cancelled = 0;
        var producers = Enumerable.Range(0, 4).Select(producer => Task.Run(async () =>
        {
            var random = new Random(producer);
            for (var i = 0; i < PerProducer; i++)
            {
                using var cancellation = new CancellationTokenSource();
                var enqueue = rig.Queue.EnqueueAsync(
                    ct =>
                    {
                        Interlocked.Increment(ref ran);
                        return ValueTask.CompletedTask;
                    },
                    options: null,
                    cancellation.Token);
                if (!enqueue.IsCompleted && random.Next(2) == 0)
                {
                    Thread.SpinWait(random.Next(200));
                    await cancellation.CancelAsync();
                }

                try
                {
                    await enqueue;
                    Interlocked.Increment(ref accepted);
                }
                catch (OperationCanceledException)
                {
                    Interlocked.Increment(ref cancelled);
                }
            }
        })).ToArray();

        await Task.WhenAll(producers).Guard();
        await rig.Queue.StopAsync(Guards.Patience, Guards.Patience, CancellationToken.None).Guard();

        (accepted + cancelled).ShouldBe(4 * PerProducer);
        rig.Snapshot.Accepted.ShouldBe(accepted);
        ran.ShouldBe(accepted);
        rig.Snapshot.Waiters.ShouldBe(0);
    }

    [Fact]
    public async Task Cancel_AgainstStartAndEnd_EndsEachItemExactlyOnce()
    {
        await using var rig = await QueueRig.StartAsync(log: false);
        long succeeded = 0;
        long cancelled = 0;
        for (var round = 0; round < 200; round++)
        {
            var handles = new List<WorkHandle>();
            for (var i = 0; i < 20; i++)
            {
                handles.Add(await rig.Queue.EnqueueAsync(static async ct =>
                {
                    await Task.Yield();
                    ct.ThrowIfCancellationRequested();
                }));
            }

            var took = handles.Count(static handle => handle.Cancel());
            foreach (var handle in handles)
            {
                try
                {
                    await handle.Completion.Guard();
                    succeeded++;
                }
                catch (OperationCanceledException)
                {
                    handle.Status.ShouldBe(WorkStatus.Cancelled);
                    cancelled++;
                }
            }

            took.ShouldBeGreaterThanOrEqualTo(handles.Count(static handle => handle.Status == WorkStatus.Cancelled));
        }

        rig.Snapshot.Succeeded.ShouldBe(succeeded);
        rig.Snapshot.Cancelled.ShouldBe(cancelled);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(null)]
    public async Task RandomProgram_OfEverythingAtOnce_AlwaysAddsUp(int? fixedSeed)
    {
        var seed = fixedSeed ?? Environment.TickCount;
        for (var round = 0; round < 15; round++)
        {
            try
            {
                await new QueueProgram(seed + (round * 1000)).RunAsync();
            }
            catch (Exception exception)
            {
                throw new InvalidOperationException($"Seed {seed + (round * 1000)}: {exception.Message}", exception);
            }
        }
    }
}
