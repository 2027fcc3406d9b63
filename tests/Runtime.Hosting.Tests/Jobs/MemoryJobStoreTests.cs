using Runtime.Hosting.Jobs;
using Runtime.Hosting.Jobs.Memory;
using Runtime.Jobs.Conformance;

namespace Runtime.Hosting.Tests.Jobs;

public sealed class MemoryJobStoreTests : JobStoreConformanceTests
{
    [Fact]
    public async Task Finished_MoreThanAreKept_TheOldestAreForgotten()
    {
        var first = await EnqueueAsync(Job());
        await EndAsync((await ClaimAsync()).Jobs[0], JobEndingKind.Succeeded);
        for (var i = 0; i < MemoryJobStore.MostFinished; i++)
        {
            await EnqueueAsync(Job());
            await EndAsync((await ClaimAsync()).Jobs[0], JobEndingKind.Succeeded);
        }

        (await Store.GetAsync(first, CancellationToken.None)).ShouldBeNull();
        (await Store.CountAsync(new JobFilter(), CancellationToken.None)).ShouldHaveSingleItem().Value.ShouldBe(MemoryJobStore.MostFinished);
    }

    [Fact]
    public async Task Enqueue_OnceItIsClosed_IsRefusedAsInAFile()
    {
        await Store.DisposeAsync();

        (await Should.ThrowAsync<JobStoreException>(async () => await EnqueueAsync(Job()))).IsTransient.ShouldBeFalse();
    }

    protected override IJobStore Create(TimeProvider clock) => new MemoryJobStore(clock);
}
