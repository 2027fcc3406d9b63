using Runtime.Hosting;
using Runtime.Hosting.Jobs;

namespace Runtime.Jobs.PostgreSql;

/// <summary>Keeps this process among the living, and finds out who no longer is.</summary>
/// <remarks>
/// <para>One row for the process, renewed every third of the lease, whatever the number of its jobs. All times are the server's. Who is late is swept by another node; who finds its own row gone has lost its jobs.</para>
/// <para>Two rules keep a stall from turning into a massacre. A node trusts its own row only until nine tenths of the lease after the beginning of the last renewal that worked (River's rule): then it cancels what it
/// runs. And it sweeps others only when it has itself been renewing without a gap for a whole lease: after an outage of the database everybody has the time to come back.</para>
/// <para>The infallible part: the loop catches all that a renewal can throw, and only the end of this object ends it. Were it to end, this node's jobs would run elsewhere while they still run here.</para>
/// </remarks>
internal sealed class NodeLease(Database database, JobNode node, TimeSpan lease, INodeLeaseOwner owner, TimeProvider clock) : IAsyncDisposable
{
    private const int BeatsPerLease = 3;
    private const double Trusted = 0.9;

    // How often it is looked for the ends of awaited jobs where nobody can tell.
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(500);

    private const string Beat = """
        WITH beat AS (UPDATE {s}.nodes SET expires_at = clock_timestamp() + $2 WHERE id = $1 RETURNING id)
        SELECT (SELECT count(*) FROM beat), (SELECT count(*) FROM {s}.nodes),
          (SELECT coalesce(array_agg(id), '{}') FROM {s}.nodes WHERE id <> $1 AND expires_at < clock_timestamp()),
          (SELECT coalesce(array_agg(DISTINCT j.owner), '{}') FROM {s}.jobs j WHERE j.state = 4 AND NOT EXISTS (SELECT FROM {s}.nodes n WHERE n.id = j.owner)),
          (SELECT coalesce(array_agg(id), '{}') FROM {s}.jobs WHERE state = 4 AND owner = $1 AND cancel)
        """;

    private readonly CancellationTokenSource _stop = new();
    private readonly SemaphoreSlim _hurry = new(0, 1);
    private Task _loop = Task.CompletedTask;
    private long _id;
    private int _nodes = 1;
    private long _steadySince;
    private long _lastBeat;

    /// <summary>Gets the number of this node; another one after it was swept.</summary>
    public long Id => Volatile.Read(ref _id);

    /// <summary>Gets whether no other process uses the tables, as of the last renewal.</summary>
    public bool IsAlone => Volatile.Read(ref _nodes) <= 1;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await RegisterAsync(cancellationToken);
        _loop = BeatAsync();
    }

    /// <summary>Leaves the living: nobody needs to wait for the lease to pass.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loop.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
        _hurry.Dispose();
    }

    /// <summary>Renews now, and so finds out what is new.</summary>
    public void Hurry()
    {
        try
        {
            _hurry.Release();
        }
        catch (Exception exception) when (exception is SemaphoreFullException or ObjectDisposedException)
        {
            // It hurries already, or is over.
        }
    }

    private async Task RegisterAsync(CancellationToken cancellationToken)
    {
        var began = clock.GetTimestamp();
        var id = await database.RunAsync(
            session => session.ScalarAsync<long>(
                "INSERT INTO {s}.nodes (id, name, started_at, expires_at, names) VALUES (nextval('{s}.node_id'), $1, clock_timestamp(), clock_timestamp() + $2, $3) RETURNING id",
                [PgValue.Text(node.Name), PgValue.Span(lease), PgValue.Texts(node.JobNames)]),
            cancellationToken).ConfigureAwait(false);
        Volatile.Write(ref _id, id);
        _steadySince = _lastBeat = began;
    }

    private async Task BeatAsync()
    {
        var isLost = false;
        while (!_stop.IsCancellationRequested)
        {
            var pause = owner.IsWatching && lease / BeatsPerLease > LookInterval ? LookInterval : lease / BeatsPerLease;
            try
            {
                await BeatOnceAsync().ConfigureAwait(false);
                isLost = false;
            }
            catch (Exception exception) when (!_stop.IsCancellationRequested)
            {
                pause = lease / (BeatsPerLease * BeatsPerLease); // sooner, while there is time left
                _steadySince = long.MaxValue;
                if (!isLost && clock.GetElapsedTime(_lastBeat) > lease * Trusted)
                {
                    isLost = true;
                    owner.LeasesLost($"This process could not reach the job store for {clock.GetElapsedTime(_lastBeat):c}; others may run its jobs by now. {exception.Message}");
                }
            }

            await WaitAsync(pause).ConfigureAwait(false);
        }
    }

    private async Task WaitAsync(TimeSpan pause)
    {
        await using var timer = clock.CreateTimer(static state => ((NodeLease)state!).Hurry(), this, pause, Timeout.InfiniteTimeSpan).ConfigureAwait(false);
        await _hurry.WaitAsync(_stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task BeatOnceAsync()
    {
        var began = clock.GetTimestamp();
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        limit.CancelAfter(lease / 2); // an answer that takes longer comes too late
        List<(long Beats, long Nodes, long[] Expired, long[] Orphans, Guid[] Cancelled)> answers;
        try
        {
            answers = await database.RunAsync(
                session => session.QueryAsync(
                    Beat,
                    static reader => (reader.GetInt64(0), reader.GetInt64(1), reader.GetFieldValue<long[]>(2), reader.GetFieldValue<long[]>(3), reader.GetFieldValue<Guid[]>(4)),
                    [PgValue.Number(Id), PgValue.Span(lease)]),
                limit.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException exception)
        {
            throw new JobStoreException("The job store did not answer in time.", exception);
        }

        var (beats, nodes, expired, orphans, cancelled) = answers[0];
        if (beats == 0)
        {
            owner.LeasesLost("This process did not renew its lease in time, and its jobs were given to others.");
            await RegisterAsync(_stop.Token).ConfigureAwait(false);
            return;
        }

        Volatile.Write(ref _nodes, (int)nodes);
        _steadySince = _steadySince == long.MaxValue || clock.GetElapsedTime(_lastBeat, began) > lease ? began : _steadySince;
        _lastBeat = began;
        if (cancelled.Length > 0)
        {
            await owner.CancelAsync(cancelled, _stop.Token).ConfigureAwait(false);
        }

        if (nodes > 1)
        {
            await owner.LookForEndsAsync(_stop.Token).ConfigureAwait(false);
        }

        await owner.LookForNamesAsync(_stop.Token).ConfigureAwait(false);

        if (clock.GetElapsedTime(_steadySince) >= lease)
        {
            foreach (var dead in expired.Union(orphans))
            {
                await owner.TakeOverAsync(dead, _stop.Token).ConfigureAwait(false);
            }
        }
    }
}
