using System.Collections.Concurrent;
using Npgsql;
using Runtime.Core;
using Runtime.Hosting;
using Runtime.Hosting.Jobs;
using Runtime.Jobs.PostgreSql.Tests.Server;
using Xunit.Abstractions;

namespace Runtime.Jobs.PostgreSql.Tests.Nodes;

/// <summary>Three nodes that do all that can be done at once, while the server ends their connections at random moments.</summary>
[Collection(PostgreSqlCollection.Name)]
public sealed class LostConnectionTests(PostgreSqlServer server, ITestOutputHelper output)
{
    private static readonly TimeSpan Storm = TimeSpan.FromSeconds(8);

    private readonly string _schema = $"t{Guid.NewGuid():N}";
    private readonly int _seed = Environment.TickCount;
    private readonly ConcurrentDictionary<Guid, bool> _acknowledged = new();
    private readonly ConcurrentDictionary<string, int> _underKey = new();
    private int _failures;

    [Fact]
    public async Task Connections_EndedAtRandom_LoseNoJobNoPlaceNoKeyAndNoBatch()
    {
        output.WriteLine($"Seed {_seed}.");
        var nodes = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => StoreNode.OpenAsync(server.ConnectionString, _schema, static options => options.NodeLease = TimeSpan.FromSeconds(60))));
        using var over = new CancellationTokenSource(Storm);
        var killing = KillAsync(new Random(_seed), over.Token);
        var producing = Task.WhenAll(nodes.Select((node, i) => ProduceAsync(node, new Random(_seed + i), over.Token)));
        using var drained = new CancellationTokenSource();
        var consuming = Task.WhenAll(nodes.Select((node, i) => ConsumeAsync(node, new Random(_seed + 10 + i), drained.Token)));
        await killing;
        await producing;
        output.WriteLine($"{_acknowledged.Count} acknowledged, {_failures} calls failed.");
        try
        {
            await Eventually.TrueAsync(async () => await CountAsync("SELECT count(*) FROM {s}.jobs") == 0);
        }
        catch (ShouldAssertException exception)
        {
            throw new InvalidOperationException($"Seed {_seed}: {await DescribeAsync()}", exception);
        }

        await drained.CancelAsync();
        await consuming;
        _failures.ShouldBeGreaterThan(0, "nothing was put to the test");
        var stored = await IdsAsync();
        _acknowledged.Keys.Where(id => !stored.Contains(id)).ShouldBeEmpty($"seed {_seed}: acknowledged and lost");
        (await CountAsync("SELECT count(*) FROM {s}.places WHERE running <> 0")).ShouldBe(0, $"seed {_seed}: a place was not given back");
        (await CountAsync("SELECT count(*) FROM {s}.keys")).ShouldBe(0, $"seed {_seed}: a unique key was not given back");
        (await CountAsync("SELECT count(*) - count(DISTINCT id) FROM {s}.history")).ShouldBe(0, $"seed {_seed}: a job ended twice");
        foreach (var node in nodes)
        {
            await node.DisposeAsync();
        }
    }

    private async Task ProduceAsync(StoreNode node, Random random, CancellationToken over)
    {
        var last = Guid.Empty;
        while (!over.IsCancellationRequested)
        {
            var jobs = random.Next(5) == 0 ? Batch(random) : [Job(random, last)];
            var receipts = await RepeatAsync(async () => await node.Store.EnqueueAsync(jobs, null, CancellationToken.None));
            foreach (var receipt in receipts)
            {
                _acknowledged[receipt.Id] = true;
                last = receipt.Id;
            }

            if (random.Next(10) == 0)
            {
                await RepeatAsync(async () => await node.Store.CancelAsync(last, "enough", CancellationToken.None));
            }
        }
    }

    private async Task ConsumeAsync(StoreNode node, Random random, CancellationToken drained)
    {
        while (!drained.IsCancellationRequested)
        {
            var claims = await RepeatAsync(async () => await node.Store.ClaimAsync(new JobClaimRequest { Room = 1 + random.Next(20), StarvationThreshold = TimeSpan.FromSeconds(1) }, CancellationToken.None));
            foreach (var key in claims.Jobs.Select(static job => job.Job.ConcurrencyKey).OfType<string>())
            {
                _underKey.AddOrUpdate(key, 1, static (_, count) => count + 1).ShouldBeLessThanOrEqualTo(2, $"seed {_seed}");
            }

            var endings = claims.Jobs.Select(job => new JobEnding(job.Lease, random.Next(8) switch { 0 when job.Attempt < 3 => JobEndingKind.Retry, 1 => JobEndingKind.Failed, _ => JobEndingKind.Succeeded })).ToList();
            foreach (var key in claims.Jobs.Select(static job => job.Job.ConcurrencyKey).OfType<string>())
            {
                _underKey.AddOrUpdate(key, 0, static (_, count) => count - 1);
            }

            if (endings.Count > 0)
            {
                await RepeatAsync(async () => await node.Store.EndAsync(endings, CancellationToken.None));
            }
            else
            {
                await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System, CancellationToken.None);
            }
        }
    }

    private static NewJob Job(Random random, Guid last) => StoreNode.Job() with
    {
        Priority = (TaskPriority)random.Next(5),
        Queue = "q" + random.Next(2),
        ConcurrencyKey = random.Next(3) == 0 ? "k" + random.Next(3) : null,
        ConcurrencyLimit = 2,
        RateKey = random.Next(4) == 0 ? "r" : null,
        RateLimit = 40,
        RatePeriod = TimeSpan.FromMilliseconds(200),
        UniqueKey = random.Next(4) == 0 ? "u" + random.Next(5) : null,
        After = random.Next(4) == 0 && last != Guid.Empty ? last : null,
        On = JobContinuation.Any,
    };

    private static List<NewJob> Batch(Random random)
    {
        var batch = StoreNode.Job() with { Name = "runtime:batch", Members = 1 + random.Next(5) };
        return [batch, .. Enumerable.Range(0, batch.Members).Select(_ => Job(random, Guid.Empty) with { UniqueKey = null, Batch = batch.Id })];
    }

    private async Task<T> RepeatAsync<T>(Func<Task<T>> call)
    {
        while (true)
        {
            try
            {
                return await call();
            }
            catch (JobStoreException exception) when (exception.IsTransient)
            {
                Interlocked.Increment(ref _failures);
            }
        }
    }

    private async Task KillAsync(Random random, CancellationToken over)
    {
        while (!over.IsCancellationRequested)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(random.Next(5, 60)), TimeProvider.System, CancellationToken.None);
            await CountAsync("SELECT count(pg_terminate_backend(pid)) FROM (SELECT pid FROM pg_stat_activity WHERE application_name = 'async-runtime-jobs' AND query LIKE '%{s}%' ORDER BY random() LIMIT 2) AS victims");
        }
    }

    private async Task<long> CountAsync(string sql)
    {
        await using var connection = new NpgsqlConnection(server.ConnectionString + ";Pooling=false");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql.Replace("{s}", _schema, StringComparison.Ordinal), connection);
        return (long)(await command.ExecuteScalarAsync())!;
    }

    private async Task<HashSet<Guid>> IdsAsync()
    {
        await using var source = NpgsqlDataSource.Create(server.ConnectionString);
        await using var command = source.CreateCommand($"SELECT id FROM {_schema}.history");
        await using var reader = await command.ExecuteReaderAsync();
        var ids = new HashSet<Guid>();
        while (await reader.ReadAsync())
        {
            ids.Add(reader.GetGuid(0));
        }

        return ids;
    }

    private async Task<string> DescribeAsync()
    {
        await using var source = NpgsqlDataSource.Create(server.ConnectionString);
        await using var command = source.CreateCommand(
            $"SELECT string_agg(concat_ws(' ', state, name, holds_key, concurrency_key, owner, has_children, parent, (SELECT p.state FROM {_schema}.all_jobs p WHERE p.id = j.parent), members, members_left, reason), '; ') FROM (SELECT * FROM {_schema}.jobs LIMIT 8) j");
        return $"{await CountAsync("SELECT count(*) FROM {s}.jobs")} left: {await command.ExecuteScalarAsync()}";
    }
}
