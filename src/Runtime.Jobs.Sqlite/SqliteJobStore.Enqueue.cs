using Runtime.Hosting;
using Runtime.Hosting.Jobs;

namespace Runtime.Jobs.Sqlite;

/// <summary>How jobs come in.</summary>
internal sealed partial class SqliteJobStore
{
    private const string Insert = """
        INSERT INTO runtime_jobs (id, name, queue, state, priority, rank, run_at, deadline_at, ranked_at, enqueued_at, attempt, max_attempts, crashes, lease, cancel, holds_key, args,
          deadline, timeout, retry_delay, unique_key, uniqueness, unique_period, concurrency_key, concurrency_limit, tags, trace, parent, parent_on, schedule, batch, members, members_left,
          rate_key, rate_limit, rate_period)
        VALUES (?1, ?2, ?3, ?4, ?5, ?5, ?6, ?7, ?8, ?8, 0, ?9, 0, 0, 0, 0, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25, ?25, ?26, ?27, ?28)
        ON CONFLICT (id) DO NOTHING
        """;

    private JobReceipt[] AddAll(SqliteSession session, IReadOnlyList<NewJob> jobs)
    {
        var now = Now();
        var receipts = new JobReceipt[jobs.Count];
        for (var i = 0; i < receipts.Length; i++)
        {
            receipts[i] = Add(session, jobs[i], now);
        }

        return receipts;
    }

    private static JobReceipt Add(SqliteSession session, NewJob job, long now)
    {
        if (job.UniqueKey is not null && FindHolder(session, job, now) is { } holder)
        {
            return new(holder, IsDuplicate: holder != job.Id);
        }

        var runAt = Math.Max(now, job.Delay > TimeSpan.Zero ? now + job.Delay.Ticks : job.RunAt?.UtcTicks ?? now);
        var state = job.After is not null || job.Members > 0 ? JobState.Waiting : runAt > now ? JobState.Scheduled : JobState.Queued;
        var added = session.Run(
            Insert,
            job.Id, job.Name, job.Queue, (int)state, (int)job.Priority, runAt, DeadlineAt(job, runAt), now, job.MaxAttempts, job.Arguments, job.Deadline?.Ticks,
            job.Timeout?.Ticks, job.RetryDelay?.Ticks, job.UniqueKey, (int)job.Uniqueness, job.UniquePeriod.Ticks, job.ConcurrencyKey, job.ConcurrencyLimit,
            job.Tags.Count == 0 ? null : $"\n{string.Join('\n', job.Tags)}\n", job.TraceParent, job.After, (int)job.On, job.Schedule, job.Batch, job.Members,
            job.RateKey, job.RateLimit, job.RatePeriod.Ticks);
        if (added == 0)
        {
            return new(job.Id, IsDuplicate: false); // it is there: an enqueue that was repeated
        }

        var row = session.LastRow();
        if (job.UniqueKey is { } key)
        {
            var until = job.Uniqueness == JobUniqueness.ForPeriod ? now + job.UniquePeriod.Ticks : long.MaxValue;
            session.Run("INSERT INTO runtime_job_keys (name, key, job, until) VALUES (?1, ?2, ?3, ?4) ON CONFLICT (name, key) DO UPDATE SET job = ?3, until = ?4", job.Name, key, row, until);
        }

        session.Outbox.Work = true;
        if (job.After is { } parent)
        {
            DecideOn(session, parent, row, job, now);
        }

        return new(job.Id, IsDuplicate: false);
    }

    private static Guid? FindHolder(SqliteSession session, NewJob job, long now)
    {
        var holders = session.Query(
            "SELECT j.id FROM runtime_job_keys k JOIN runtime_jobs j ON j.row = k.job WHERE k.name = ?1 AND k.key = ?2 AND k.until > ?3", static row => row.Id(0), job.Name, job.UniqueKey, now);
        return holders is [var id] ? id : null;
    }

    // A continuation whose parent is over already, or is not there, does not wait.
    private static void DecideOn(SqliteSession session, Guid parent, long row, NewJob job, long now)
    {
        var state = (JobState?)session.Number("SELECT state FROM runtime_jobs WHERE id = ?1", parent);
        if (state is not null and not (JobState.Succeeded or JobState.Failed or JobState.Cancelled))
        {
            return;
        }

        if (Continuations.Releases(job.On, state))
        {
            Release(session, row, job, now);
        }
        else
        {
            End(session, Find(session, row), JobState.Cancelled, Continuations.Explain(parent, state, job.On), now);
        }
    }

    // A job that has waited for another one is due at its own time, or now.
    private static void Release(SqliteSession session, long row, NewJob job, long now)
    {
        var runAt = session.Number("SELECT run_at FROM runtime_jobs WHERE row = ?1", row)!.Value;
        Admit(session, row, job, Math.Max(runAt, now), now);
    }

    // Scheduled when it is not yet due, queued otherwise.
    private static void Admit(SqliteSession session, long row, NewJob job, long runAt, long now)
    {
        session.Run(
            "UPDATE runtime_jobs SET state = ?2, rank = priority, run_at = ?3, deadline_at = ?4, ranked_at = ?5, finished_at = NULL, rate_held = 0 WHERE row = ?1",
            row, (int)(runAt > now ? JobState.Scheduled : JobState.Queued), runAt, DeadlineAt(job, runAt), now);
        session.Outbox.Work = true;
    }

    private static JobRow Find(SqliteSession session, long row) => session.Query($"SELECT {JobRow.Columns} FROM runtime_jobs WHERE row = ?1", JobRow.Read, row)[0];

    private static long DeadlineAt(NewJob job, long runAt) => job.Deadline is { } deadline ? runAt + deadline.Ticks : long.MaxValue;
}
