using Runtime.Hosting;
using Runtime.Hosting.Jobs;
using Runtime.Jobs.Conformance;
using Runtime.Jobs.PostgreSql.Tests.Server;

namespace Runtime.Jobs.PostgreSql.Tests;

/// <summary>Two cells are a store as any other; here two schemas of one database.</summary>
[Collection(PostgreSqlCollection.Name)]
public sealed class CellConformanceTests(PostgreSqlServer server) : JobStoreConformanceTests
{
    protected override IJobStore Create(TimeProvider clock) => new CellJobStore([Cell(clock), Cell(clock)]);

    private PostgreSqlJobStore Cell(TimeProvider clock) => new(server.ConnectionString, new PostgreSqlJobOptions { Schema = $"t{Guid.NewGuid():N}" }, TimeProvider.System, clock);
}
