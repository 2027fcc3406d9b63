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
            await one.EnqueueAsync(StoreNode.Job());
            return other.Listener.Arrivals > 2; // one may be from when it began to listen; nobody has asked for jobs, so no timer tells it to look
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

    [Fact]
    public async Task Enqueue_OneOfThoseThatCameTogether_Fails_OnlyItsCallerIsTold()
    {
        await using var node = await OpenAsync();
        await ExecuteAsync($"ALTER TABLE {_schema}.jobs ADD CONSTRAINT refused CHECK (name <> 'refused')");
        var bad = StoreNode.Job() with { Name = "refused" };
        var good = Enumerable.Range(0, 60).Select(static _ => StoreNode.Job()).ToList();
        var calls = good.ConvertAll(job => node.EnqueueAsync(job));
        calls.Insert(30, node.EnqueueAsync(bad));

        var refused = await Should.ThrowAsync<JobStoreException>(() => calls[30]);

        refused.Message.ShouldContain("refused");
        calls.RemoveAt(30);
        (await Task.WhenAll(calls)).ShouldBe(good.Select(static job => job.Id));
        (await node.ClaimAsync()).Count.ShouldBe(good.Count);
    }

    [Fact]
    public async Task Outage_LongerThanTheLease_TellsTheNodes_AndSweepsNobodyWhoComesBackLater()
    {
        var clock = new PausableClock();
        await using var first = await OpenAsync(LongerLease);
        await using var late = await OpenAsync(LongerLease, clock);
        var before = await NodesAsync();

        await ExecuteAsync($"ALTER TABLE {_schema}.nodes RENAME TO gone");
        await Eventually.TrueAsync(() => !first.Listener.Losses.IsEmpty && !late.Listener.Losses.IsEmpty);
        clock.Pause();
        await ExecuteAsync($"UPDATE {_schema}.gone SET expires_at = clock_timestamp() - interval '1 second'; ALTER TABLE {_schema}.gone RENAME TO nodes");
        await Eventually.TrueAsync(async () => await CountAsync("SELECT count(*) FROM {s}.nodes WHERE expires_at > clock_timestamp()") == 1);
        clock.Resume();

        await Eventually.TrueAsync(async () => await CountAsync("SELECT count(*) FROM {s}.nodes WHERE expires_at > clock_timestamp()") == 2);
        (await NodesAsync()).ShouldBe(before);
        late.Listener.Losses.ShouldHaveSingleItem();
    }

    [Fact]
    public async Task Stall_OfAllNodes_LongerThanTheLease_SweepsNobodyWhoComesBackLater()
    {
        var (clock, lateClock) = (new PausableClock(), new PausableClock());
        await using var first = await OpenAsync(LongerLease, clock);
        await using var late = await OpenAsync(LongerLease, lateClock);
        var before = await NodesAsync();

        await Eventually.TrueAsync(async () => await CountAsync("SELECT count(*) FROM {s}.nodes WHERE expires_at - started_at > interval '10 seconds'") == 2); // steady for a lease
        clock.Pause();
        lateClock.Pause();
        await Eventually.TrueAsync(async () => await CountAsync("SELECT count(*) FROM {s}.nodes WHERE expires_at > clock_timestamp()") == 0);
        clock.Resume();
        await Eventually.TrueAsync(async () => await CountAsync("SELECT count(*) FROM {s}.nodes WHERE expires_at > clock_timestamp()") == 1);
        lateClock.Resume();

        await Eventually.TrueAsync(async () => await CountAsync("SELECT count(*) FROM {s}.nodes WHERE expires_at > clock_timestamp()") == 2);
        (await NodesAsync()).ShouldBe(before);
    }

    [Fact]
    public async Task ManyCallsAtOnce_WithoutAPoolSizeOfTheirOwn_LeaveTheServerItsConnections()
    {
        await using var node = await StoreNode.OpenAsync($"{server.ConnectionString};Application Name={_schema}", _schema);

        await Task.WhenAll(Enumerable.Range(0, 150).Select(i => node.EnqueueAsync(StoreNode.Job() with { UniqueKey = $"{i % 75}" })));

        (await CountAsync($"SELECT count(*) FROM pg_stat_activity WHERE application_name = '{_schema}'")).ShouldBeInRange(2, 20);
        (await node.ClaimAsync()).Count.ShouldBe(75);
    }

    [Fact]
    public async Task IdleNode_WithoutNotifications_LooksForJobsAgain()
    {
        await using var node = await OpenAsync(static options => options.UseNotifications = false);
        var before = node.Listener.Arrivals;

        (await node.ClaimAsync()).ShouldBeEmpty();

        await Eventually.TrueAsync(() => node.Listener.Arrivals > before);
    }

    [Fact]
    public async Task History_IsKeptByDays_AndDaysAreDroppedWhole()
    {
        await using var node = await OpenAsync();
        await node.EnqueueAsync(StoreNode.Job());
        var claimed = (await node.ClaimAsync()).ShouldHaveSingleItem();
        await node.Store.EndAsync([new JobEnding(claimed.Lease, JobEndingKind.Succeeded)], CancellationToken.None);
        (await CountAsync("SELECT count(*) FROM {s}.history WHERE tableoid <> '{s}.history_other'::regclass")).ShouldBe(1);
        await ExecuteAsync($"CREATE TABLE {_schema}.history_20200101 PARTITION OF {_schema}.history FOR VALUES FROM ('2020-01-01Z') TO ('2020-01-02Z')");
        await ExecuteAsync($"INSERT INTO {_schema}.history SELECT * FROM {_schema}.history");
        await ExecuteAsync($"UPDATE {_schema}.history SET finished_at = '2020-01-01 12:00Z' WHERE ctid = (SELECT max(ctid) FROM {_schema}.history)");
        (await CountAsync("SELECT count(*) FROM {s}.history_20200101")).ShouldBe(1);

        (await node.Store.PurgeAsync(TimeSpan.FromDays(30), 100, CancellationToken.None)).ShouldBe(0, "nothing was left to be deleted row by row");

        (await CountAsync("SELECT count(*) FROM pg_class WHERE oid = to_regclass('{s}.history_20200101')")).ShouldBe(0);
        (await CountAsync("SELECT count(*) FROM {s}.history")).ShouldBe(1);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Rates_OfThreeNodesAtOnce_AreNeverExceeded(bool isOfQueue)
    {
        var rate = new JobRate(5, TimeSpan.FromMilliseconds(400));
        var nodes = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => OpenAsync()));
        var jobs = Enumerable.Range(0, 40).Select(_ => isOfQueue ? StoreNode.Job() : StoreNode.Job() with { RateKey = "r", RateLimit = rate.Limit, RatePeriod = rate.Period }).ToList();
        await nodes[0].Store.EnqueueAsync(jobs, null, CancellationToken.None);
        var request = new JobClaimRequest
        {
            Room = 4, StarvationThreshold = TimeSpan.FromDays(1), RateOfQueue = isOfQueue ? new Dictionary<string, JobRate>(StringComparer.Ordinal) { ["default"] = rate } : [],
        };
        var left = jobs.Count;
        var began = TimeProvider.System.GetTimestamp();

        await Task.WhenAll(nodes.Select(async node =>
        {
            while (Volatile.Read(ref left) > 0)
            {
                var claims = await node.Store.ClaimAsync(request, CancellationToken.None);
                Interlocked.Add(ref left, -claims.Jobs.Count);
                await node.Store.EndAsync([.. claims.Jobs.Select(static job => new JobEnding(job.Lease, JobEndingKind.Succeeded))], CancellationToken.None);
                await Task.Delay(claims.MayHaveMore || claims.NextDue is null ? TimeSpan.FromMilliseconds(5) : claims.NextDue.Value, TimeProvider.System);
            }
        }));

        // Whatever the speed of the machine: the last five cannot have started earlier than that after the first five.
        TimeProvider.System.GetElapsedTime(began).ShouldBeGreaterThanOrEqualTo(rate.Period * ((jobs.Count / rate.Limit) - 1));
        (await CountAsync("SELECT count(*) FROM {s}.history")).ShouldBe(jobs.Count);
        foreach (var node in nodes)
        {
            await node.DisposeAsync();
        }
    }

    private static void LongerLease(PostgreSqlJobOptions options) => options.NodeLease = TimeSpan.FromSeconds(5);

    private Task<StoreNode> OpenAsync(Action<PostgreSqlJobOptions>? configure = null, TimeProvider? timers = null) => StoreNode.OpenAsync(server.ConnectionString, _schema, configure, timers);

    private async Task ExecuteAsync(string sql)
    {
        await using var source = NpgsqlDataSource.Create(server.ConnectionString);
        await using var command = source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }

    private async Task<long> CountAsync(string sql)
    {
        await using var source = NpgsqlDataSource.Create(server.ConnectionString);
        await using var command = source.CreateCommand(sql.Replace("{s}", _schema, StringComparison.Ordinal));
        return (long)(await command.ExecuteScalarAsync())!;
    }

    private async Task<long[]> NodesAsync()
    {
        await using var source = NpgsqlDataSource.Create(server.ConnectionString);
        await using var command = source.CreateCommand($"SELECT array_agg(id ORDER BY id) FROM {_schema}.nodes");
        return (long[])(await command.ExecuteScalarAsync())!;
    }

    /// <summary>The clock of a machine that is wrong.</summary>
    private sealed class ShiftedClock(TimeSpan by) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + by;
    }
}
