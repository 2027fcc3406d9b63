using Runtime.Hosting.Jobs;
using Runtime.Hosting.Jobs.Memory;
using Runtime.Jobs.Conformance;

namespace Runtime.Hosting.Tests.Jobs.Cells;

/// <summary>Three cells are a store as any other.</summary>
public sealed class CellConformanceTests : JobStoreConformanceTests
{
    protected override IJobStore Create(TimeProvider clock) => new CellJobStore([new MemoryJobStore(clock), null, new MemoryJobStore(clock), new MemoryJobStore(clock)]);
}
