using Runtime.Hosting;
using Runtime.Hosting.Jobs;
using Runtime.Jobs.Conformance;
using Runtime.Jobs.PostgreSql.Tests.Server;

namespace Runtime.Jobs.PostgreSql.Tests;

[Collection(PostgreSqlCollection.Name)]
public sealed class PostgreSqlJobStoreTests(PostgreSqlServer server) : JobStoreConformanceTests
{
    protected override IJobStore Create(TimeProvider clock) => new PostgreSqlJobStore(server.ConnectionString, new PostgreSqlJobOptions { Schema = $"t{Guid.NewGuid():N}" }, TimeProvider.System, clock);
}
