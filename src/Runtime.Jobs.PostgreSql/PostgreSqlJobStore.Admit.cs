using NpgsqlTypes;
using Runtime.Hosting;
using Runtime.Hosting.Jobs;

namespace Runtime.Jobs.PostgreSql;

/// <summary>Jobs that were taken and may yet not run: their kind is paused, the places under their key are taken, or their rate allows no start. Those are set aside.</summary>
/// <remarks>Rows are locked in the order pauses, places by key, rates by key, and held to the end of the transaction.</remarks>
internal sealed partial class PostgreSqlJobStore
{
    private static bool IsSpecial(Found one) =>
        one.IsPaused || one.Job.Job is { ConcurrencyKey: not null } or { RateKey: not null } or { UniqueKey: not null, Uniqueness: JobUniqueness.WhileQueued };

    private async ValueTask<Admission> AdmitAsync(List<Found> found, CancellationToken cancellationToken)
    {
        var special = found.Where(IsSpecial).ToList();
        if (special.Count == 0)
        {
            return new(found, HasQueuedOthers: false, null);
        }

        return await WriteAsync(
            async (session, outbox) =>
            {
                var (aside, freeIn) = await AdmitAsync(session, special, outbox);
                return new Admission([.. found.Where(one => !aside.ContainsKey(one.Job.Job.Id))], outbox.Work, freeIn);
            },
            cancellationToken);
    }

    private async Task<(Dictionary<Guid, Aside> Aside, TimeSpan? FreeIn)> AdmitAsync(Session session, List<Found> special, Outbox outbox)
    {
        var aside = new Dictionary<Guid, Aside>();
        await HoldPausedAsync(session, special, aside);
        var running = await LockPlacesAsync(session, special);
        foreach (var key in ByKey(special.Where(one => !aside.ContainsKey(one.Job.Job.Id)), static job => job.ConcurrencyKey))
        {
            HoldWithoutPlace(key, running[key.Key], aside);
        }

        var passedOn = special.Where(one => aside.TryGetValue(one.Job.Job.Id, out var held) && held.Why == HeldBy.Pause).ToList();
        TimeSpan? nextFreeIn = null;
        foreach (var key in ByKey(special.Where(one => !aside.ContainsKey(one.Job.Job.Id)), static job => job.RateKey))
        {
            var (held, freeIn) = await StartUnderRateAsync(session, key.Key, key);
            nextFreeIn = nextFreeIn is null || freeIn < nextFreeIn ? freeIn ?? nextFreeIn : nextFreeIn;
            foreach (var one in held)
            {
                aside.Add(one.Job.Job.Id, new(one, HeldBy.Rate, $"The rate key '{JobKeys.Shown(key.Key)}' allows {one.Job.Job.Rate}."));
                passedOn.Add(one);
            }
        }

        await SetAsideAsync(session, aside.Values);
        foreach (var key in ByKey(special.Where(one => !aside.ContainsKey(one.Job.Job.Id)), static job => job.ConcurrencyKey))
        {
            await GiveAsync(session, key);
        }

        await PassPlacesOnAsync(session, passedOn.Select(static one => one.Job.Job.ConcurrencyKey).OfType<string>(), outbox);
        foreach (var one in special.Where(one => one.Job.Job is { UniqueKey: not null, Uniqueness: JobUniqueness.WhileQueued } && !aside.ContainsKey(one.Job.Job.Id)))
        {
            await session.RunAsync("DELETE FROM {s}.keys WHERE name = $1 AND key = $2 AND job = $3", [PgValue.Text(one.Job.Job.Name), PgValue.Text(one.Job.Job.UniqueKey), PgValue.Id(one.Job.Job.Id)]);
        }

        return (aside, nextFreeIn);
    }

    // The rows of pauses are held until the jobs are set aside, so that a resume, which deletes them, finds those jobs.
    private static async Task HoldPausedAsync(Session session, List<Found> special, Dictionary<Guid, Aside> aside)
    {
        var pauses = (await session.QueryAsync(
            "SELECT key, reason FROM {s}.pauses WHERE scope = 1 AND key = ANY($1) FOR SHARE",
            static reader => (Key: PgText.Decode(reader.GetString(0)), Reason: reader.IsDBNull(1) ? null : PgText.Decode(reader.GetString(1))),
            [PgValue.Texts(special.Where(static one => one.IsPaused).Select(static one => one.Job.Job.Name).Distinct(StringComparer.Ordinal))])).ToDictionary(static pause => pause.Key, static pause => pause.Reason, StringComparer.Ordinal);
        foreach (var one in special.Where(one => one.IsPaused && pauses.ContainsKey(one.Job.Job.Name)))
        {
            aside.Add(one.Job.Job.Id, new(one, HeldBy.Pause, $"Jobs of this kind are paused. {pauses[one.Job.Job.Name]}".TrimEnd()));
        }
    }

    // The key's row is held from here to the end of the transaction: who ends a run of the key comes before this, and has made room, or after it, and sees who was set aside.
    private static async Task<Dictionary<string, int>> LockPlacesAsync(Session session, List<Found> special)
    {
        var running = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var key in ByKey(special, static job => job.ConcurrencyKey))
        {
            running[key.Key] = await session.ScalarAsync<int>(
                "INSERT INTO {s}.places AS p (key, running) VALUES ($1, 0) ON CONFLICT (key) DO UPDATE SET running = p.running RETURNING running", [PgValue.Text(key.Key)]);
        }

        return running;
    }

    private static void HoldWithoutPlace(IGrouping<string, Found> jobs, int running, Dictionary<Guid, Aside> aside)
    {
        foreach (var one in jobs)
        {
            if (running < one.Job.Job.ConcurrencyLimit)
            {
                running++;
            }
            else
            {
                aside.Add(one.Job.Job.Id, new(one, HeldBy.Place, $"The {one.Job.Job.ConcurrencyLimit} places of the concurrency key '{JobKeys.Shown(jobs.Key)}' are taken."));
            }
        }
    }

    // Only to those that are still ours: a node that was taken for dead must not count places for jobs that others have.
    private static async Task GiveAsync(Session session, IGrouping<string, Found> jobs)
    {
        var given = await session.RunAsync(
            "UPDATE {s}.jobs SET holds_key = true WHERE id = ANY($1) AND state::int = 4 AND lease = ANY($2)",
            [PgValue.Ids(jobs.Select(static one => one.Job.Job.Id)), PgValue.List<long>([.. jobs.Select(static one => one.Job.Lease)], NpgsqlDbType.Bigint)]);
        await session.RunAsync("UPDATE {s}.places SET running = running + $2 WHERE key = $1", [PgValue.Text(jobs.Key), PgValue.Count(given)]);
    }

    private static async Task SetAsideAsync(Session session, IReadOnlyCollection<Aside> aside)
    {
        if (aside.Count == 0)
        {
            return;
        }

        await session.RunAsync(
            $$"""
            UPDATE {s}.jobs j SET state = 2, attempt = j.attempt - 1, {{Unstarted}}, reason = a.why, rate_held = a.is_rated
            FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::boolean[]) AS a(id, held, why, is_rated) WHERE j.id = ANY($1) AND j.id = a.id AND j.lease = a.held AND j.state::int = 4
            """,
            [
                PgValue.Ids(aside.Select(static one => one.Job.Job.Job.Id)),
                PgValue.List<long>([.. aside.Select(static one => one.Job.Job.Lease)], NpgsqlDbType.Bigint),
                PgValue.Texts(aside.Select(static one => one.Reason)),
                PgValue.List<bool>([.. aside.Select(static one => one.Why == HeldBy.Rate)], NpgsqlDbType.Boolean),
            ]);
    }

    private static List<IGrouping<string, Found>> ByKey(IEnumerable<Found> jobs, Func<NewJob, string?> key) =>
        [.. jobs.Where(one => key(one.Job.Job) is not null).GroupBy(one => key(one.Job.Job)!, StringComparer.Ordinal).OrderBy(static group => group.Key, StringComparer.Ordinal)];

    private enum HeldBy
    {
        Pause,
        Place,
        Rate,
    }

    // FreeIn: how long until a rate allows the first of those that it holds.
    private sealed record Admission(List<Found> Admitted, bool HasQueuedOthers, TimeSpan? FreeIn);

    private sealed record Aside(Found Job, HeldBy Why, string Reason);
}
