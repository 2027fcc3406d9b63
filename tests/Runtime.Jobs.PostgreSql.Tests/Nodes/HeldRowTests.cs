using System.Collections.Concurrent;
using Npgsql;
using Runtime.Core;
using Runtime.Hosting;
using Runtime.Hosting.Jobs;
using Runtime.Jobs.PostgreSql.Tests.Server;

namespace Runtime.Jobs.PostgreSql.Tests.Nodes;

/// <summary>A row that a claim would change is held by somebody else's transaction.</summary>
[Collection(PostgreSqlCollection.Name)]
public sealed class HeldRowTests(PostgreSqlServer server)
{
    private readonly string _schema = $"t{Guid.NewGuid():N}";

    [Theory]
    [InlineData("rates")]
    [InlineData("pauses")]
    public async Task Claim_WhileTheRowOfWhatIsDueIsHeld_GivesOtherJobs_AndDoesNotAskAgainAtOnce(string table)
    {
        await using var node = await OpenAsync();
        Guid held;
        if (table == "rates")
        {
            var job = StoreNode.Job() with { RateKey = "r", RateLimit = 1, RatePeriod = TimeSpan.FromSeconds(3) };
            await node.EnqueueAsync(job);
            (await node.ClaimAsync()).ShouldHaveSingleItem();
            held = await node.EnqueueAsync(job with { Id = Guid.CreateVersion7() });
        }
        else
        {
            held = await node.EnqueueAsync(StoreNode.Job() with { Name = "another" });
            await node.Store.PauseAsync(new JobPause(JobPauseScope.Name, "another", null, TimeProvider.System.GetUtcNow().AddSeconds(3)), CancellationToken.None);
        }

        (await node.ClaimAsync()).ShouldBeEmpty();
        await using (var connection = new NpgsqlConnection(server.ConnectionString + ";Pooling=false"))
        {
            await connection.OpenAsync();
            await using var transaction = await connection.BeginTransactionAsync();
            await using var command = new NpgsqlCommand($"SELECT 1 FROM {_schema}.{table} FOR UPDATE", connection, transaction);
            await command.ExecuteNonQueryAsync();
            await Eventually.TrueAsync(async () => await IsDueAsync(table));
            var other = await node.EnqueueAsync(StoreNode.Job());

            var claims = await node.Store.ClaimAsync(new JobClaimRequest { Room = 100, StarvationThreshold = TimeSpan.FromDays(1) }, CancellationToken.None).AsTask().WaitAsync(TimeSpan.FromSeconds(60));

            claims.Jobs.ShouldHaveSingleItem().Job.Id.ShouldBe(other);
            claims.MayHaveMore.ShouldBeFalse();
            claims.NextDue.ShouldNotBeNull().ShouldBeGreaterThan(TimeSpan.FromMilliseconds(50));
        }

        await Eventually.TrueAsync(async () => (await node.ClaimAsync()).Any(job => job.Job.Id == held));
    }

    [Theory]
    [InlineData(JobEndingKind.Succeeded, JobState.Running)]
    [InlineData(JobEndingKind.Failed, JobState.Cancelled)]
    public async Task AnOpenTransactionOfTheCaller_HoldsUpNoEnd_AndItsContinuationComesAfterTheCommit(JobEndingKind kind, JobState expected)
    {
        await using var node = await OpenAsync();
        await node.EnqueueAsync(StoreNode.Job() with { UniqueKey = "key" });
        var parent = (await node.ClaimAsync()).ShouldHaveSingleItem();
        var (child, grandchild, early) = (StoreNode.Job() with { After = parent.Job.Id }, StoreNode.Job(), StoreNode.Job() with { After = parent.Job.Id, UniqueKey = "another" });
        grandchild = grandchild with { After = child.Id, On = JobContinuation.Any };
        await using (var connection = new NpgsqlConnection(server.ConnectionString))
        {
            await connection.OpenAsync();
            await using var transaction = await connection.BeginTransactionAsync();
            (await node.Store.EnqueueAsync([child, grandchild, StoreNode.Job() with { UniqueKey = "key" }, early], transaction, CancellationToken.None))
                .Select(static receipt => (receipt.Id, receipt.IsDuplicate)).ShouldBe([(child.Id, false), (grandchild.Id, false), (parent.Job.Id, true), (early.Id, false)]);

            (await node.Store.EndAsync([new JobEnding(parent.Lease, kind)], CancellationToken.None).AsTask().WaitAsync(TimeSpan.FromSeconds(10))).ShouldBe([true]);
            await node.ClaimAsync();
            await transaction.CommitAsync();
        }

        await node.ClaimAsync();

        (await node.Store.GetAsync(child.Id, CancellationToken.None)).ShouldNotBeNull().State.ShouldBe(expected);
        (await node.Store.GetAsync(early.Id, CancellationToken.None)).ShouldNotBeNull().State.ShouldBe(expected);
        (await node.Store.GetAsync(grandchild.Id, CancellationToken.None)).ShouldNotBeNull().State.ShouldBe(expected == JobState.Cancelled ? JobState.Running : JobState.Waiting);
    }

    [Fact]
    public async Task AContinuation_OfACommittedTransaction_WaitsForAJobThatStillRuns()
    {
        await using var node = await OpenAsync();
        await node.EnqueueAsync(StoreNode.Job());
        var parent = (await node.ClaimAsync()).ShouldHaveSingleItem();
        var child = StoreNode.Job() with { After = parent.Job.Id };
        await using (var connection = new NpgsqlConnection(server.ConnectionString))
        {
            await connection.OpenAsync();
            await using var transaction = await connection.BeginTransactionAsync();
            await node.Store.EnqueueAsync([child], transaction, CancellationToken.None);
            await transaction.CommitAsync();
        }

        (await node.ClaimAsync()).ShouldBeEmpty();
        await node.Store.EndAsync([new JobEnding(parent.Lease, JobEndingKind.Succeeded)], CancellationToken.None);

        (await node.ClaimAsync()).ShouldHaveSingleItem().Job.Id.ShouldBe(child.Id);
    }

    [Fact]
    public async Task Continuations_OfManyTransactions_WhileTheirParentsEndOnTwoNodes_AllRunOnce()
    {
        const int Count = 150;
        var seed = Environment.TickCount;
        await using var one = await OpenAsync();
        await using var other = await OpenAsync();
        var children = new ConcurrentDictionary<Guid, bool>();
        var ran = new ConcurrentQueue<Guid>();
        var over = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var clients = Task.WhenAll(Enumerable.Range(0, 3).Select(client => Task.Run(async () =>
        {
            var random = new Random(seed + client);
            await using var connection = new NpgsqlConnection(server.ConnectionString);
            await connection.OpenAsync();
            for (var i = 0; i < Count; i++)
            {
                var parent = await one.EnqueueAsync(StoreNode.Job());
                await Task.Delay(TimeSpan.FromMilliseconds(random.Next(4)), TimeProvider.System);
                var child = StoreNode.Job() with { After = parent, On = JobContinuation.Any };
                await using var transaction = await connection.BeginTransactionAsync();
                await other.Store.EnqueueAsync([child], transaction, CancellationToken.None);
                await Task.Delay(TimeSpan.FromMilliseconds(random.Next(4)), TimeProvider.System);
                if (random.Next(5) == 0)
                {
                    await transaction.RollbackAsync();
                    continue;
                }

                await transaction.CommitAsync();
                children[child.Id] = true;
            }
        })));
        var nodes = Task.WhenAll(new[] { one, other }.Select(node => Task.Run(async () =>
        {
            while (!over.Task.IsCompleted)
            {
                var claimed = await node.ClaimAsync(room: 5);
                foreach (var job in claimed)
                {
                    ran.Enqueue(job.Job.Id);
                }

                await node.Store.EndAsync([.. claimed.Select(static job => new JobEnding(job.Lease, JobEndingKind.Succeeded))], CancellationToken.None);
            }
        })));

        await clients.WaitAsync(TimeSpan.FromSeconds(60));
        await Eventually.TrueAsync(() => children.Keys.All(ran.Contains));
        over.SetResult();
        await nodes;

        ran.Count.ShouldBe(ran.Distinct().Count(), $"seed {seed}: one ran twice");
        ran.Count.ShouldBe((3 * Count) + children.Count, $"seed {seed}: what was rolled back has not run");
    }

    [Fact]
    public async Task Claim_OfAJobThatComesAfterThoseThatWaitForTheirRate_DoesNotOvertakeThem()
    {
        await using var node = await OpenAsync();
        var job = StoreNode.Job() with { RateKey = "r", RateLimit = 1, RatePeriod = TimeSpan.FromMilliseconds(100) };
        var wanted = new List<Guid>();
        for (var i = 0; i < 5; i++)
        {
            wanted.Add(await node.EnqueueAsync(job with { Id = Guid.CreateVersion7(), Priority = TaskPriority.High }));
        }

        var started = new List<Guid>();
        await Eventually.TrueAsync(async () =>
        {
            await node.EnqueueAsync(job with { Id = Guid.CreateVersion7(), Priority = TaskPriority.Low });
            started.AddRange((await node.ClaimAsync()).Select(static claimed => claimed.Job.Id));
            return started.Count >= wanted.Count;
        });

        started.Take(wanted.Count).ShouldBe(wanted);
    }

    private Task<StoreNode> OpenAsync() => StoreNode.OpenAsync(server.ConnectionString, _schema, static options => options.NodeLease = TimeSpan.FromMinutes(1));

    private async Task<bool> IsDueAsync(string table)
    {
        await using var connection = new NpgsqlConnection(server.ConnectionString + ";Pooling=false");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand($"SELECT EXISTS (SELECT FROM {_schema}.{table} WHERE {(table == "rates" ? "free_at" : "until")} <= statement_timestamp())", connection);
        return (bool)(await command.ExecuteScalarAsync())!;
    }
}
