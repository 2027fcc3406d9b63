using Npgsql;
using Runtime.Hosting;
using Runtime.Hosting.Jobs;
using Runtime.Jobs.PostgreSql.Tests.Server;

namespace Runtime.Jobs.PostgreSql.Tests.Nodes;

/// <summary>Several nodes on one schema.</summary>
[Collection(PostgreSqlCollection.Name)]
public sealed class SharedStoreTests(PostgreSqlServer server)
{
    private readonly string _schema = $"t{Guid.NewGuid():N}";

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task EndOfAJob_OnAnotherNode_IsTold(bool useNotifications)
    {
        await using var one = await OpenAsync(options => options.UseNotifications = useNotifications);
        await using var other = await OpenAsync(options => options.UseNotifications = useNotifications);
        var id = await one.EnqueueAsync(StoreNode.Job());
        one.Listener.AwaitedJobs[id] = true;
        await one.Store.WatchAsync(id, CancellationToken.None);
        var claimed = (await other.ClaimAsync()).ShouldHaveSingleItem();

        await other.Store.EndAsync([new JobEnding(claimed.Lease, JobEndingKind.Succeeded)], CancellationToken.None);

        await Eventually.TrueAsync(() => one.Listener.Ended.Contains(id));
        other.Listener.Ended.ShouldContain(id);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Cancel_OfAJobThatAnotherNodeRuns_ReachesIt(bool useNotifications)
    {
        await using var one = await OpenAsync(options => options.UseNotifications = useNotifications);
        await using var other = await OpenAsync(options => options.UseNotifications = useNotifications);
        var id = await one.EnqueueAsync(StoreNode.Job());
        (await other.ClaimAsync()).Count.ShouldBe(1);

        (await one.Store.CancelAsync(id, "enough", CancellationToken.None)).ShouldBe(JobCancellation.Requested);

        await Eventually.TrueAsync(() => other.Listener.Cancellations.Contains((id, "enough")));
    }

    [Fact]
    public async Task Enqueue_OnAnotherNode_WakesThisOne()
    {
        await using var one = await OpenAsync();
        await using var other = await OpenAsync();
        await Eventually.TrueAsync(async () =>
        {
            var before = other.Listener.Arrivals; // nobody has asked for jobs, so no timer tells it to look
            await one.EnqueueAsync(StoreNode.Job());
            return other.Listener.Arrivals > before;
        });
    }

    [Fact]
    public async Task Claims_OfFourNodesAtOnce_NeverShareAJob()
    {
        var nodes = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => OpenAsync()));
        var jobs = Enumerable.Range(0, 400).Select(static _ => StoreNode.Job()).ToList();
        await nodes[0].Store.EnqueueAsync(jobs, null, CancellationToken.None);

        var claimed = (await Task.WhenAll(nodes.Select(async node =>
        {
            var mine = new List<Guid>();
            for (IReadOnlyList<ClaimedJob> some = await node.ClaimAsync(7); some.Count > 0; some = await node.ClaimAsync(7))
            {
                mine.AddRange(some.Select(static job => job.Job.Id));
            }

            return mine;
        }))).SelectMany(static mine => mine).ToList();

        claimed.Count.ShouldBe(jobs.Count);
        claimed.Distinct().Count().ShouldBe(jobs.Count);
        foreach (var node in nodes)
        {
            await node.DisposeAsync();
        }
    }

    [Fact]
    public async Task ClocksOfNodes_FiveMinutesApart_RunADelayedJobOnceAndNotEarly()
    {
        await using var ahead = await OpenAsync(timers: new ShiftedClock(TimeSpan.FromMinutes(5)));
        await using var behind = await OpenAsync(timers: new ShiftedClock(TimeSpan.FromMinutes(-5)));
        await ahead.EnqueueAsync(StoreNode.Job() with { Delay = TimeSpan.FromSeconds(1) });
        var claimed = new List<ClaimedJob>();
        await Eventually.TrueAsync(async () =>
        {
            claimed.AddRange([.. await ahead.ClaimAsync(), .. await behind.ClaimAsync()]);
            return claimed.Count > 0;
        });

        claimed.ShouldHaveSingleItem();
        claimed[0].Waited.ShouldBeGreaterThanOrEqualTo(TimeSpan.Zero);
        (claimed[0].RunAt - claimed[0].EnqueuedAt).ShouldBe(TimeSpan.FromSeconds(1));
        (await ahead.ClaimAsync()).ShouldBeEmpty();
        (await behind.ClaimAsync()).ShouldBeEmpty();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Enqueue_InATransactionOfTheCaller_HappensWithIt(bool commits)
    {
        await using var node = await OpenAsync();
        await using var connection = new NpgsqlConnection(server.ConnectionString);
        await connection.OpenAsync();
        var job = StoreNode.Job();
        await using (var transaction = await connection.BeginTransactionAsync())
        {
            await node.Store.EnqueueAsync([job], transaction, CancellationToken.None);
            (await node.Store.GetAsync(job.Id, CancellationToken.None)).ShouldBeNull();
            await (commits ? transaction.CommitAsync() : transaction.RollbackAsync());
        }

        (await node.ClaimAsync()).Count.ShouldBe(commits ? 1 : 0);
    }

    [Fact]
    public async Task Enqueue_InATransactionOnAnotherDatabase_IsRefused()
    {
        await using var node = await OpenAsync();
        await using var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(server.ConnectionString) { Database = "template1" }.ConnectionString);
        await connection.OpenAsync();
        await using var transaction = await connection.BeginTransactionAsync();

        var refused = await Should.ThrowAsync<NotSupportedException>(async () => await node.Store.EnqueueAsync([StoreNode.Job()], transaction, CancellationToken.None));

        refused.Message.ShouldBe(
            "A NpgsqlTransaction cannot be joined: the jobs are in the PostgreSQL database 'postgres' on '127.0.0.1'. Begin the transaction on a connection to that database, or enqueue after it has committed.");
    }

    [Fact]
    public async Task End_ThatIsRepeatedSinceItsAnswerWasLost_IsTheSameEnd()
    {
        await using var node = await OpenAsync();
        await node.EnqueueAsync(StoreNode.Job());
        var claimed = (await node.ClaimAsync()).ShouldHaveSingleItem();
        var success = new JobEnding(claimed.Lease, JobEndingKind.Succeeded);
        (await node.Store.EndAsync([success], CancellationToken.None)).ShouldBe([true]);

        (await node.Store.EndAsync([success], CancellationToken.None)).ShouldBe([true]);
        (await node.Store.EndAsync([success with { Kind = JobEndingKind.Failed }], CancellationToken.None)).ShouldBe([false]);
        (await node.Store.EndAsync([success with { Lease = claimed.Lease with { Number = claimed.Lease.Number + 1 } }], CancellationToken.None)).ShouldBe([false]);
    }

    [Fact]
    public async Task ASuspect_IsKeptForOneNode_AndItsPlaceIsGivenOnWhenThatLeaves()
    {
        await using var one = await OpenAsync();
        var other = await OpenAsync();
        await one.EnqueueAsync(StoreNode.Job());
        await ExecuteAsync($"UPDATE {_schema}.jobs SET state = 2, suspect = true, crashes = 2");
        var request = new JobClaimRequest { Room = 1, StarvationThreshold = TimeSpan.FromDays(1) };

        (await other.Store.ClaimAsync(request, CancellationToken.None)).SuspectWaits.ShouldBeTrue();
        (await one.Store.ClaimAsync(request, CancellationToken.None)).SuspectWaits.ShouldBeFalse();
        await other.DisposeAsync();

        (await one.Store.ClaimAsync(request, CancellationToken.None)).SuspectWaits.ShouldBeTrue();
        var claimed = (await one.Store.ClaimAsync(request with { Suspect = true }, CancellationToken.None)).Jobs.ShouldHaveSingleItem();
        claimed.Crashes.ShouldBe(2);
    }

    [Fact]
    public async Task ANode_WhoseRowIsGone_IsTold_AndComesBackUnderAnotherNumber()
    {
        await using var node = await OpenAsync();
        await node.EnqueueAsync(StoreNode.Job());
        var first = (await node.ClaimAsync()).ShouldHaveSingleItem();

        await ExecuteAsync($"DELETE FROM {_schema}.nodes");

        await Eventually.TrueAsync(() => !node.Listener.Losses.IsEmpty);
        IReadOnlyList<ClaimedJob> again = [];
        await Eventually.TrueAsync(async () => (again = await node.ClaimAsync()).Count > 0);
        again.ShouldHaveSingleItem().Crashes.ShouldBe(1);
        (await node.Store.EndAsync([new JobEnding(first.Lease, JobEndingKind.Succeeded)], CancellationToken.None)).ShouldBe([false]);
        (await node.Store.EndAsync([new JobEnding(again[0].Lease, JobEndingKind.Succeeded)], CancellationToken.None)).ShouldBe([true]);
    }

    private Task<StoreNode> OpenAsync(Action<PostgreSqlJobOptions>? configure = null, TimeProvider? timers = null) => StoreNode.OpenAsync(server.ConnectionString, _schema, configure, timers);

    private async Task ExecuteAsync(string sql)
    {
        await using var source = NpgsqlDataSource.Create(server.ConnectionString);
        await using var command = source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>The clock of a machine that is wrong.</summary>
    private sealed class ShiftedClock(TimeSpan by) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + by;
    }
}
