using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Runtime.Hosting;
using Runtime.Hosting.Jobs;
using Runtime.Jobs.PostgreSql.Tests.Nodes;
using Runtime.Jobs.PostgreSql.Tests.Server;

namespace Runtime.Jobs.PostgreSql.Tests;

[Collection(PostgreSqlCollection.Name)]
public sealed class PostgreSqlSchemaTests(PostgreSqlServer server)
{
    private readonly string _schema = $"t{Guid.NewGuid():N}";

    [Fact]
    public async Task Open_WithoutTablesAndWithoutMigrate_SaysWhatToDo()
    {
        var refused = await Should.ThrowAsync<JobStoreException>(() => StoreNode.OpenAsync(server.ConnectionString, _schema, static options => options.Migrate = false));

        refused.IsTransient.ShouldBeFalse();
        refused.Message.ShouldBe(
            $"The job store in schema '{_schema}' has version 0 of the tables, this program needs {PostgreSqlJobSchema.Version}, and Migrate is off. Run the script of PostgreSqlJobSchema.Script, or turn it on.");
    }

    [Fact]
    public async Task Script_RunByHand_IsAllThatTheProgramNeeds()
    {
        await ExecuteAsync(PostgreSqlJobSchema.Script(_schema));

        await using var node = await StoreNode.OpenAsync(server.ConnectionString, _schema, static options => options.Migrate = false);

        await node.EnqueueAsync(StoreNode.Job());
        (await node.ClaimAsync()).Count.ShouldBe(1);
    }

    [Fact]
    public async Task Open_TwoAtOnceOnAnEmptyDatabase_BothWork()
    {
        var nodes = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => StoreNode.OpenAsync(server.ConnectionString, _schema)));
        foreach (var node in nodes)
        {
            await node.EnqueueAsync(StoreNode.Job());
            await node.DisposeAsync();
        }
    }

    [Fact]
    public async Task Open_TablesOfANewerProgram_WorksAsLongAsTheySaySo()
    {
        await ExecuteAsync(PostgreSqlJobSchema.Script(_schema));
        await ExecuteAsync($"UPDATE {_schema}.meta SET value = 9 WHERE key = 'version'");
        await (await StoreNode.OpenAsync(server.ConnectionString, _schema)).DisposeAsync();
        await ExecuteAsync($"UPDATE {_schema}.meta SET value = 9 WHERE key = 'compatible_from'");

        var refused = await Should.ThrowAsync<JobStoreException>(() => StoreNode.OpenAsync(server.ConnectionString, _schema));

        refused.Message.ShouldBe(
            $"The job store in schema '{_schema}' has version 9 of the tables, which programs of version 9 and later may use; this one is {PostgreSqlJobSchema.Version}. Run the newer program, or use another schema.");
    }

    [Fact]
    public async Task Open_TablesOfVersionOne_KeepsTheirJobs_AndProgramsOfVersionOneGoOn()
    {
        const string OldEnqueue = """
            INSERT INTO {s}.jobs (id, name, queue, state, priority, rank, run_at, deadline_at, ranked_at, enqueued_at, max_attempts, args, uniqueness, unique_period, concurrency_limit, tags, parent_on)
            VALUES (gen_random_uuid(), 'known', 'default', 1, 2, 2, now(), 'infinity', now(), now(), 3, '{}', 0, '0', 1, '{}', 0)
            """;
        var whole = PostgreSqlJobSchema.Script(_schema);
        await ExecuteAsync(whole[..whole.IndexOf("-- Version 2", StringComparison.Ordinal)]);
        await ExecuteAsync(OldEnqueue.Replace("{s}", _schema, StringComparison.Ordinal));

        await using var node = await StoreNode.OpenAsync(server.ConnectionString, _schema);

        await ExecuteAsync(OldEnqueue.Replace("{s}", _schema, StringComparison.Ordinal));
        var claimed = await node.ClaimAsync();
        claimed.Count.ShouldBe(2);
        claimed.ShouldAllBe(static job => job.Job.RateKey == null && job.Job.RateLimit == 1 && job.Job.RatePeriod == TimeSpan.FromSeconds(1));
        (await node.Store.EndAsync([new JobEnding(claimed[0].Lease, JobEndingKind.Succeeded)], CancellationToken.None)).ShouldBe([true]);
        (await node.Store.ListAsync(new JobFilter(), CancellationToken.None)).Jobs.Count.ShouldBe(2);
    }

    [Fact]
    public async Task Script_FromVersionOne_BringsTheTablesUpToDate()
    {
        var whole = PostgreSqlJobSchema.Script(_schema);
        await ExecuteAsync(whole[..whole.IndexOf("-- Version 2", StringComparison.Ordinal)]);
        await ExecuteAsync(PostgreSqlJobSchema.Script(_schema, from: 1));

        await (await StoreNode.OpenAsync(server.ConnectionString, _schema, static options => options.Migrate = false)).DisposeAsync();

        Should.Throw<ArgumentOutOfRangeException>(() => PostgreSqlJobSchema.Script(_schema, from: PostgreSqlJobSchema.Version)).Message.ShouldStartWith($"from is {PostgreSqlJobSchema.Version}; it must be from 0 (no tables) to {PostgreSqlJobSchema.Version - 1}.");
    }

    [Fact]
    public async Task Open_WithoutTheRightToCreate_SaysSo()
    {
        await ExecuteAsync($"CREATE ROLE {_schema} LOGIN");
        var refused = await Should.ThrowAsync<JobStoreException>(() => StoreNode.OpenAsync(new NpgsqlConnectionStringBuilder(server.ConnectionString) { Username = _schema }.ConnectionString, _schema));

        refused.Message.ShouldBe(
            "The job store in database 'postgres' on '127.0.0.1' could not do this: permission denied for database postgres (42501). "
            + "Grant the right, or have somebody run the script of PostgreSqlJobSchema.Script and turn Migrate off.");
    }

    [Fact]
    public async Task Open_WithTheRightsOfTheReadme_Works()
    {
        await ExecuteAsync(PostgreSqlJobSchema.Script(_schema));
        await ExecuteAsync(
            $"CREATE ROLE {_schema} LOGIN; GRANT USAGE ON SCHEMA {_schema} TO {_schema}; GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {_schema} TO {_schema}; GRANT USAGE ON ALL SEQUENCES IN SCHEMA {_schema} TO {_schema}");

        await using var node = await StoreNode.OpenAsync(new NpgsqlConnectionStringBuilder(server.ConnectionString) { Username = _schema }.ConnectionString, _schema, static options => options.Migrate = false);

        await node.EnqueueAsync(StoreNode.Job());
        var claimed = (await node.ClaimAsync()).ShouldHaveSingleItem();
        (await node.Store.EndAsync([new JobEnding(claimed.Lease, JobEndingKind.Succeeded)], CancellationToken.None)).ShouldBe([true]);
        (await node.Store.PurgeAsync(TimeSpan.Zero, 10, CancellationToken.None)).ShouldBe(1);
    }

    [Fact]
    public async Task Open_WhereNobodyListens_SaysWhere()
    {
        var refused = await Should.ThrowAsync<JobStoreException>(() => StoreNode.OpenAsync("Host=127.0.0.1;Port=1;Username=x;Database=none", _schema));

        (refused.IsTransient, refused.Message).ShouldBe((true,
            "The job store in database 'none' on '127.0.0.1' could not do this: Connection refused. "
            + "The server cannot be reached, or went away: see that it runs and that the connection string names it. It goes on by itself; whether the last statement happened is not known."));
    }

    [Theory]
    [InlineData("Schema", "1x", "1 to 40 of the characters a-z 0-9 _, and must not begin with a digit")]
    [InlineData("Schema", "a; drop table x", "1 to 40 of the characters a-z 0-9 _, and must not begin with a digit")]
    [InlineData("NodeLease", "00:00:00", "from 00:00:01 to 00:10:00")]
    [InlineData("MaxPollInterval", "00:00:00", "from 00:00:00.050 to 00:01:00")]
    public void UsePostgreSql_WithABadOption_NamesIt(string name, string value, string rule)
    {
        var refused = Should.Throw<ArgumentException>(() => new ServiceCollection().AddAsyncRuntime().UsePostgreSql("Host=x", options =>
        {
            options.Schema = name == "Schema" ? value : options.Schema;
            options.NodeLease = name == "NodeLease" ? TimeSpan.Zero : options.NodeLease;
            options.MaxPollInterval = name == "MaxPollInterval" ? TimeSpan.Zero : options.MaxPollInterval;
        }));

        refused.Message.ShouldBe($"PostgreSqlJobOptions.{name} is '{value}'; it must be {rule}. (Parameter '{name}')");
    }

    [Fact]
    public void UsePostgreSql_WithoutAHost_SaysWhatIsMissing() =>
        Should.Throw<ArgumentException>(() => new ServiceCollection().AddAsyncRuntime().UsePostgreSql("Database=x")).Message.ShouldBe(
            "The connection string names no Host; it must be one such as 'Host=db;Database=app;Username=app;Password=…'. (Parameter 'connectionString')");

    private async Task ExecuteAsync(string sql)
    {
        await using var source = NpgsqlDataSource.Create(server.ConnectionString);
        await using var command = source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }
}
