using System.Globalization;
using Runtime.Hosting;
using Runtime.Hosting.Jobs;

namespace Runtime.Jobs.Sqlite;

/// <summary>What people and programs ask and change from outside.</summary>
internal sealed partial class SqliteJobStore
{
    private const int MostToSort = 1000;

    public ValueTask<JobInfo?> GetAsync(Guid id, CancellationToken cancellationToken) => ReadAsync(
        session => session.Query($"SELECT {JobRow.Columns} FROM runtime_jobs WHERE id = ?1", JobRow.Read, id) is [var job] ? job.ToInfo(whole: true) : null, cancellationToken);

    public ValueTask WatchAsync(Guid id, CancellationToken cancellationToken) => ValueTask.CompletedTask; // this process alone ends jobs, and it hears of every end

    public ValueTask<JobPage> ListAsync(JobFilter filter, CancellationToken cancellationToken) => ReadAsync(
        session =>
        {
            var (where, values) = SqliteFilter.WithoutStates(filter);
            var before = filter.From is { } from ? long.Parse(from, NumberStyles.None, CultureInfo.InvariantCulture) : long.MaxValue;
            var last = values.Count + 1;
            var parts = SqliteFilter.StatesOf(filter).Select(
                state =>
                {
                    var row = AreFew(session, state) ? "+row" : "row"; // with the sign, SQLite takes the index of the state and sorts what it finds; without, it walks back from the last job
                    return $"SELECT * FROM (SELECT {JobRow.Columns} FROM runtime_jobs WHERE {state} AND {where} AND {row} < ?{last} ORDER BY {row} DESC LIMIT ?{last + 1})";
                });
            var found = session.Query($"{string.Join(" UNION ALL ", parts)} ORDER BY row DESC LIMIT ?{last + 1}", JobRow.Read, [.. values, before, filter.PageSize + 1]);
            var page = found.Take(filter.PageSize).Select(static job => job.ToInfo(whole: false)).ToList();
            return new JobPage(page, found.Count > page.Count ? found[page.Count - 1].Row.ToString(CultureInfo.InvariantCulture) : null);
        },
        cancellationToken);

    // Of those that are over, and of all, there may be millions: they are in the order that is wanted already.
    private static bool AreFew(SqliteSession session, string state) =>
        SqliteFilter.HasIndex(state) && session.Number($"SELECT count(*) FROM (SELECT 1 FROM runtime_jobs WHERE {state} LIMIT {MostToSort})") < MostToSort;

    public async ValueTask<IReadOnlyDictionary<JobState, long>> CountAsync(JobFilter filter, CancellationToken cancellationToken) => await ReadAsync(
        session =>
        {
            var (where, values) = SqliteFilter.WithoutStates(filter);
            var parts = SqliteFilter.StatesOf(filter).Select(state => $"SELECT state, count(*) FROM runtime_jobs WHERE {state} AND {where} GROUP BY state");
            return session.Query(string.Join(" UNION ALL ", parts), static row => (State: (JobState)row.Int(0), Count: row.Number(1)), [.. values])
                .ToDictionary(static pair => pair.State, static pair => pair.Count);
        },
        cancellationToken);

    public ValueTask<JobCancellation> CancelAsync(Guid id, string? reason, CancellationToken cancellationToken) => WriteAsync(
        session =>
        {
            var now = Now();
            return session.Query($"SELECT {JobRow.Columns} FROM runtime_jobs WHERE id = ?1", JobRow.Read, id) is [var job] ? Cancel(session, job, reason, now) : JobCancellation.NotFound;
        },
        cancellationToken);

    public ValueTask<long> CancelAsync(JobFilter filter, string? reason, CancellationToken cancellationToken) => WriteAsync(
        session =>
        {
            var now = Now();
            var (where, values) = SqliteFilter.Of(filter);
            var found = session.Query(
                $"SELECT row, (SELECT b.row FROM runtime_jobs b WHERE b.id = runtime_jobs.batch) FROM runtime_jobs WHERE {where} AND state NOT IN (10, 11, 12)",
                static row => (Row: row.Number(0), Batch: row.IsNull(1) ? (long?)null : row.Number(1)),
                [.. values]);
            var rows = found.Select(static job => job.Row).ToHashSet();
            return Continuations.InOrderOfCancelling(found, static job => job.Row, job => job.Batch is { } batch && rows.Contains(batch) ? batch : null)
                .LongCount(job => Cancel(session, Find(session, job.Row), reason, now) is not JobCancellation.AlreadyOver);
        },
        cancellationToken);

    private static JobCancellation Cancel(SqliteSession session, JobRow job, string? reason, long now)
    {
        if (job.IsOver)
        {
            return JobCancellation.AlreadyOver;
        }

        if (job.State == JobState.Running)
        {
            session.Run("UPDATE runtime_jobs SET cancel = 1, reason = ?2 WHERE row = ?1", job.Row, reason);
            session.Outbox.Cancel(job.Job.Id, reason);
            return JobCancellation.Requested;
        }

        EndUnrun(session, job, reason, now);
        return JobCancellation.Cancelled;
    }

    // One that is queued may have been so because a place under its key had become free: the place is the next one's.
    private static void EndUnrun(SqliteSession session, JobRow job, string? reason, long now)
    {
        End(session, job, JobState.Cancelled, reason, now);
        if (job is { State: JobState.Queued, Job.ConcurrencyKey: { } key })
        {
            GivePlace(session, key, session.Number("SELECT running FROM runtime_job_places WHERE key = ?1", key) ?? 0);
        }
    }

    public ValueTask<long> RetryAsync(JobFilter filter, CancellationToken cancellationToken) => WriteAsync(
        session =>
        {
            var now = Now();
            var (where, values) = SqliteFilter.Of(filter);
            var found = session.Query($"SELECT {JobRow.Columns} FROM runtime_jobs WHERE {where} AND state IN (11, 12, 13)", JobRow.Read, [.. values]);
            var retried = 0L;
            foreach (var job in found.Where(static job => !job.Job.IsMarker).OrderBy(static job => job.Job.Members > 0))
            {
                // Members first: the end of their batch then waits for them.
                if (!TryRetakeKey(session, job, now))
                {
                    continue; // another job has it by now, and two of a key would be one too many
                }

                retried++;
                if (job.IsOver && job.Job.Batch is { } batch)
                {
                    session.Run("UPDATE runtime_jobs SET members_left = members_left + 1 WHERE id = ?1 AND state = 3", batch); // it will end once more
                }

                session.Run("UPDATE runtime_jobs SET attempt = 0, crashes = 0, suspect = 0, cancel = 0, reason = NULL WHERE row = ?1", job.Row);
                var members = job.Job.Members == 0 ? 0 : session.Number("SELECT count(*) FROM runtime_jobs WHERE batch = ?1 AND state NOT IN (10, 11, 12)", job.Job.Id);
                if (members > 0)
                {
                    // The end of a batch runs when its members are over, also when it is tried again before.
                    session.Run("UPDATE runtime_jobs SET state = 3, members_left = ?2, finished_at = NULL WHERE row = ?1", job.Row, members);
                    continue;
                }

                Admit(session, job.Row, job.Job, now, now);
            }

            return retried;
        },
        cancellationToken);

    public ValueTask<long> DiscardAsync(JobFilter filter, CancellationToken cancellationToken) => WriteAsync(
        session =>
        {
            var now = Now();
            var (where, values) = SqliteFilter.Of(filter);
            var found = session.Query($"SELECT {JobRow.Columns} FROM runtime_jobs WHERE {where} AND state <> 4", JobRow.Read, [.. values]);
            foreach (var job in found)
            {
                // One that was found may have been cancelled with another that it waited for.
                if (!job.IsOver && session.Number("SELECT state FROM runtime_jobs WHERE row = ?1", job.Row) < 10)
                {
                    EndUnrun(session, job, "It was discarded.", now);
                }

                Delete(session, job.Row);
                session.Outbox.Ended(job.Job.Id);
            }

            return (long)found.Count;
        },
        cancellationToken);

    public ValueTask<int> PurgeAsync(TimeSpan retention, int atMost, CancellationToken cancellationToken) => WriteAsync(
        session =>
        {
            var now = Now();
            session.Run("DELETE FROM runtime_job_keys WHERE until <= ?1", now);
            ForgetRates(session, now);
            session.Run("DELETE FROM runtime_job_runs WHERE due < ?1", now - TimeSpan.TicksPerDay);
            var rows = session.Query(
                "SELECT row FROM runtime_jobs WHERE state >= 10 AND state <= 12 AND finished_at < ?1 ORDER BY finished_at LIMIT ?2", static row => row.Number(0), now - retention.Ticks, atMost);
            foreach (var row in rows)
            {
                Delete(session, row);
            }

            return rows.Count;
        },
        cancellationToken);

    public async ValueTask PauseAsync(JobPause pause, CancellationToken cancellationToken) => await WriteAsync(
        session =>
        {
            session.Run(
                "INSERT INTO runtime_job_pauses (scope, key, reason, until) VALUES (?1, ?2, ?3, ?4) ON CONFLICT (scope, key) DO UPDATE SET reason = ?3, until = ?4",
                (int)pause.Scope, pause.Key, pause.Reason, pause.Until?.UtcTicks);
            if (pause.Scope == JobPauseScope.Queue)
            {
                // The places that its jobs were queued for are those of other queues meanwhile.
                foreach (var key in session.Query("SELECT concurrency_key FROM runtime_jobs WHERE state = 1 AND queue = ?1 AND concurrency_key IS NOT NULL", static row => row.Text(0), pause.Key))
                {
                    GivePlace(session, key, session.Number("SELECT running FROM runtime_job_places WHERE key = ?1", key) ?? 0);
                }
            }

            session.Outbox.Work = true;
            return true;
        },
        cancellationToken);

    public ValueTask<bool> ResumeAsync(JobPauseScope scope, string key, CancellationToken cancellationToken) => WriteAsync(session => Resume(session, scope, key), cancellationToken);

    public async ValueTask<IReadOnlyList<JobPause>> ListPausesAsync(CancellationToken cancellationToken) => await ReadAsync(
        session => session.Query(
            "SELECT scope, key, reason, until FROM runtime_job_pauses WHERE until IS NULL OR until > ?1 ORDER BY scope, key", ReadPause, Now()),
        cancellationToken);

    private static bool Resume(SqliteSession session, JobPauseScope scope, string key)
    {
        if (session.Run("DELETE FROM runtime_job_pauses WHERE scope = ?1 AND key = ?2", (int)scope, key) == 0)
        {
            return false;
        }

        if (scope == JobPauseScope.Name)
        {
            // Those that wait for a place are looked at again as well: the claim decides.
            session.Run("UPDATE runtime_jobs SET state = 1, rate_held = 0, reason = NULL WHERE state = 2 AND suspect = 0 AND name = ?1", key);
        }
        else if (scope == JobPauseScope.Queue)
        {
            session.Run("UPDATE runtime_jobs SET state = 1, reason = NULL WHERE state = 2 AND suspect = 0 AND rate_held = 0 AND queue = ?1", key);
        }

        session.Outbox.Work = true;
        session.Outbox.Schedules |= scope == JobPauseScope.Schedule;
        return true;
    }

    // Ends the pauses whose time is over, and returns the others.
    private static List<JobPause> EndPauses(SqliteSession session, long now)
    {
        var pauses = session.Query("SELECT scope, key, reason, until FROM runtime_job_pauses", ReadPause);
        foreach (var over in pauses.FindAll(pause => pause.Until?.UtcTicks <= now))
        {
            Resume(session, over.Scope, over.Key);
            pauses.Remove(over);
        }

        return pauses;
    }

    private static JobPause ReadPause(SqliteRow row) =>
        new((JobPauseScope)row.Int(0), row.Text(1), row.TextOrNull(2), row.IsNull(3) ? null : JobRow.Time(row.Number(3)));

    // A job that is over has given its unique key back; one that is to live again needs it.
    private static bool TryRetakeKey(SqliteSession session, JobRow job, long now)
    {
        if (job.Job is not { UniqueKey: { } key, Uniqueness: not JobUniqueness.ForPeriod } || !job.IsOver)
        {
            return true;
        }

        if (FindHolder(session, job.Job, now) is { } holder && holder != job.Job.Id)
        {
            return false;
        }

        session.Run(
            "INSERT INTO runtime_job_keys (name, key, job, until) VALUES (?1, ?2, ?3, ?4) ON CONFLICT (name, key) DO UPDATE SET job = ?3, until = ?4", job.Job.Name, key, job.Row, long.MaxValue);
        return true;
    }

    private static void Delete(SqliteSession session, long row)
    {
        session.Run("DELETE FROM runtime_job_keys WHERE (name, key) IN (SELECT name, unique_key FROM runtime_jobs WHERE row = ?1) AND job = ?1", row);
        session.Run("DELETE FROM runtime_jobs WHERE row = ?1", row);
    }
}
