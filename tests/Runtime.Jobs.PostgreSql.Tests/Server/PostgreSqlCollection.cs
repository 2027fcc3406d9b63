namespace Runtime.Jobs.PostgreSql.Tests.Server;

/// <summary>Tests that share one server, each in a schema of its own.</summary>
[CollectionDefinition(Name)]
public sealed class PostgreSqlCollection : ICollectionFixture<PostgreSqlServer>
{
    public const string Name = "PostgreSQL";
}
