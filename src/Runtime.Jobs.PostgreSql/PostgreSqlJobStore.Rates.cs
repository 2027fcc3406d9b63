using NpgsqlTypes;
using Runtime.Hosting.Jobs;

namespace Runtime.Jobs.PostgreSql;

/// <summary>Jobs that wait until their rate allows another start.</summary>
internal sealed partial class PostgreSqlJobStore
{
    private const string PrefixOfKeys = "key:";
    private const string PrefixOfQueues = "queue:";

    // Decides which of the jobs of a key may start now. Gives the others, and how long until they are looked at again. The row of the key is held to the end of the transaction.
    private async Task<(List<Found> Held, TimeSpan? FreeIn)> StartUnderRateAsync(Session session, string key, IEnumerable<Found> jobs)
    {
        var (starts, now) = await LockStartsAsync(session, PrefixOfKeys + key);
        var first = await FirstHeldPlaceAsync(session, key);
        DateTimeOffset? freeAt = null;
        var held = new List<Found>();
        foreach (var one in jobs)
        {
            if (first is { } earlier && earlier.CompareTo((one.Job.Rank, one.DeadlineAt, one.Job.Row)) < 0)
            {
                freeAt = now; // it would overtake those that wait: it joins them, and the next look takes them in order
                held.Add(one);
                continue;
            }

            if (starts.Room(one.Job.Job.Rate, now) > 0)
            {
                starts.Add(1, one.Job.Job.RatePeriod, now);
                continue;
            }

            var free = starts.FreeAt(one.Job.Job.Rate, now);
            freeAt = freeAt is null || free < freeAt ? free : freeAt;
            held.Add(one);
        }

        await WriteStartsAsync(session, PrefixOfKeys + key, starts);
        if (freeAt is not null)
        {
            await session.RunAsync("UPDATE {s}.rates SET free_at = least(free_at, $2) WHERE key = $1", [PgValue.Text(PrefixOfKeys + key), PgValue.Time(freeAt)]);
        }

        return (held, freeAt - now);
    }

    // Queues as many as may start now. The next look reckons with their starts; if those are held up by something else, that look finds room and queues more.
    private async Task<bool> EndRatesAsync(CancellationToken cancellationToken) => await WriteAsync(
        async (session, outbox) =>
        {
            var keys = await session.QueryAsync(
                "SELECT key FROM {s}.rates WHERE free_at <= coalesce($1, statement_timestamp()) ORDER BY key FOR UPDATE SKIP LOCKED", static reader => PgText.Decode(reader.GetString(0)), [PgValue.Time(Now)]);
            foreach (var key in keys)
            {
                await FreeAsync(session, key, outbox);
            }

            return keys.Count > 0;
        },
        cancellationToken);

    private async Task FreeAsync(Session session, string key, Outbox outbox)
    {
        var (starts, now) = await LockStartsAsync(session, key);
        DateTimeOffset? freeAt = null;
        if (await FirstHeldAsync(session, key) is { } first)
        {
            var room = starts.Room(first, now);
            var queued = await session.RunAsync(
                $$"""
                UPDATE {s}.jobs SET {{QueuedAgain}}, rate_held = false WHERE id = ANY (ARRAY(
                  SELECT id FROM {s}.jobs WHERE state = 2 AND rate_held AND rate_key = $1 ORDER BY rank, deadline_at, row LIMIT $2 FOR UPDATE SKIP LOCKED))
                """,
                [PgValue.Text(key[PrefixOfKeys.Length..]), PgValue.Count(room)]);
            outbox.Work |= queued > 0;
            if (await FirstHeldAsync(session, key) is { } next)
            {
                starts.Add(queued, first.Period, now); // as if they had started; it is not stored
                freeAt = starts.FreeAt(next, now);
                if (queued < room && freeAt <= now)
                {
                    freeAt = now + HeldUpRest; // another session holds the row of one that could start
                }
            }
        }

        await session.RunAsync("UPDATE {s}.rates SET free_at = $2 WHERE key = $1", [PgValue.Text(key), PgValue.Time(freeAt)]);
    }

    private static async Task<(int Rank, DateTimeOffset DeadlineAt, long Row)?> FirstHeldPlaceAsync(Session session, string key)
    {
        var places = await session.QueryAsync(
            "SELECT rank, deadline_at, row FROM {s}.jobs WHERE state = 2 AND rate_held AND rate_key = $1 ORDER BY rank, deadline_at, row LIMIT 1",
            static reader => ((int)reader.GetInt16(0), reader.GetDateTime(1) is var at && at < DateTime.MaxValue.AddDays(-1) ? new DateTimeOffset(at, TimeSpan.Zero) : DateTimeOffset.MaxValue, reader.GetInt64(2)),
            [PgValue.Text(key)]);
        return places.Count > 0 ? places[0] : null;
    }

    private static async Task<JobRate?> FirstHeldAsync(Session session, string key)
    {
        var rates = await session.QueryAsync(
            "SELECT rate_limit, rate_period FROM {s}.jobs WHERE state = 2 AND rate_held AND rate_key = $1 ORDER BY rank, deadline_at, row LIMIT 1",
            static reader => new JobRate(reader.GetInt32(0), reader.GetTimeSpan(1)),
            [PgValue.Text(key[PrefixOfKeys.Length..])]);
        return rates.Count > 0 ? rates[0] : null;
    }

    // Starts are counted for as many jobs as wait in a queue and may start, before they are claimed: no claim of another node can then start them too. What is not used is returned.
    private async ValueTask<List<Reservation>> ReserveAsync(JobClaimRequest request, int room, List<ClaimedJob> claimed, CancellationToken cancellationToken)
    {
        if (request.RateOfQueue.Count == 0 || request.Suspect)
        {
            return [];
        }

        return await Db.TransactAsync(
            async session =>
            {
                var reserved = new List<Reservation>();
                foreach (var (queue, rate) in request.RateOfQueue.OrderBy(static pair => pair.Key, StringComparer.Ordinal))
                {
                    var left = request.RoomOfQueue.TryGetValue(queue, out var limit) ? Math.Clamp(limit - claimed.Count(job => job.Job.Queue == queue), 0, room) : room;
                    var waiting = await session.ScalarAsync<long>(
                        """
                        SELECT count(*) FROM (SELECT FROM {s}.jobs WHERE state = 1 AND queue = $1 AND NOT EXISTS (
                          SELECT FROM {s}.pauses p WHERE p.scope = 0 AND p.key = $1 AND (p.until IS NULL OR p.until > coalesce($3, statement_timestamp()))) LIMIT $2) AS waiting
                        """,
                        [PgValue.Text(queue), PgValue.Count(left), PgValue.Time(Now)]);
                    reserved.Add(waiting == 0 ? new(queue, 0, default, null) : await ReserveAsync(session, queue, rate, (int)waiting));
                }

                return reserved;
            },
            cancellationToken);
    }

    private async Task<Reservation> ReserveAsync(Session session, string queue, JobRate rate, int wanted)
    {
        var (starts, now) = await LockStartsAsync(session, PrefixOfQueues + queue);
        var count = Math.Min(wanted, starts.Room(rate, now));
        starts.Add(count, rate.Period, now);
        await WriteStartsAsync(session, PrefixOfQueues + queue, starts);
        return new(queue, count, now, count < wanted ? starts.FreeAt(rate, now) - now : null);
    }

    private async ValueTask ReturnAsync(List<Reservation> reserved, List<Found> taken, CancellationToken cancellationToken)
    {
        var unused = reserved.ConvertAll(one => one with { Count = one.Count - taken.Count(job => job.Job.Job.Queue == one.Queue) });
        unused.RemoveAll(static one => one.Count <= 0);
        if (unused.Count == 0)
        {
            return;
        }

        await Db.TransactAsync(
            async session =>
            {
                foreach (var one in unused)
                {
                    var (starts, _) = await LockStartsAsync(session, PrefixOfQueues + one.Queue);
                    starts.Return(one.Count, one.At);
                    await WriteStartsAsync(session, PrefixOfQueues + one.Queue, starts);
                }

                return true;
            },
            cancellationToken);
    }

    // The time is read once the row is ours: whoever has it later has a later time.
    private async Task<(JobStarts Starts, DateTimeOffset Now)> LockStartsAsync(Session session, string key) => (await session.QueryAsync(
        "INSERT INTO {s}.rates AS r (key, starts, until) VALUES ($1, '{}', '-infinity') ON CONFLICT (key) DO UPDATE SET starts = r.starts RETURNING starts, coalesce($2, clock_timestamp())",
        static reader => (new JobStarts(reader.GetFieldValue<long[]>(0)), new DateTimeOffset(reader.GetDateTime(1), TimeSpan.Zero)),
        [PgValue.Text(key), PgValue.Time(Now)]))[0];

    private static Task<int> WriteStartsAsync(Session session, string key, JobStarts starts) => session.RunAsync(
        "UPDATE {s}.rates SET starts = $2, until = $3 WHERE key = $1",
        [PgValue.Text(key), PgValue.List<long>(starts.ToArray(), NpgsqlDbType.Bigint), PgValue.Time(starts.CountUntil)]);

    private sealed record Reservation(string Queue, int Count, DateTimeOffset At, TimeSpan? FreeIn);
}
