using Runtime.Hosting;
using Runtime.Hosting.Jobs;

namespace Runtime.Jobs.Sqlite;

/// <summary>How runs and jobs end, and what those ends release.</summary>
internal sealed partial class SqliteJobStore
{
    // A success that a power cut undoes is a run that is repeated, which any run in flight may be; all other ends are decisions that somebody was told of.
    public async ValueTask<IReadOnlyList<bool>> EndAsync(IReadOnlyList<JobEnding> endings, CancellationToken cancellationToken) => await Writer.RunAsync(
        session =>
        {
            var now = Now();
            var written = new bool[endings.Count];
            for (var i = 0; i < written.Length; i++)
            {
                written[i] = EndRun(session, endings[i], now);
            }

            return written;
        },
        cancellationToken,
        endings.All(static ending => ending.Kind == JobEndingKind.Succeeded) ? SqliteSync.Soon : SqliteSync.Now);

    public async ValueTask ReportAsync(IReadOnlyList<JobReport> reports, CancellationToken cancellationToken) => await WriteAsync(
        session =>
        {
            foreach (var report in reports)
            {
                session.Run(
                    "UPDATE runtime_jobs SET progress = ?3, progress_text = ?4 WHERE row = ?1 AND lease = ?2 AND state = 4 AND id = ?5",
                    report.Lease.Row, report.Lease.Number, report.Progress.Fraction, report.Progress.Message, report.Lease.Id);
            }

            return true;
        },
        cancellationToken);

    // The way of almost all: a success that gives back neither a key nor a place needs nothing of the row.
    private static bool TrySucceed(SqliteSession session, JobEnding ending, long now)
    {
        if (ending.Kind != JobEndingKind.Succeeded || session.Run(
            "UPDATE runtime_jobs SET state = 10, reason = ?4, finished_at = ?5, result = ?6 WHERE row = ?1 AND lease = ?2 AND state = 4 AND id = ?3 AND unique_key IS NULL AND holds_key = 0 AND batch IS NULL",
            ending.Lease.Row, ending.Lease.Number, ending.Lease.Id, ending.Reason, now, ending.Result.IsEmpty ? default(SqliteValue) : ending.Result) == 0)
        {
            return false;
        }

        session.Outbox.Ended(ending.Lease.Id);
        Settle(session, ending.Lease.Id, JobState.Succeeded, null, now);
        return true;
    }

    private static bool EndRun(SqliteSession session, JobEnding ending, long now)
    {
        if (TrySucceed(session, ending, now))
        {
            return true;
        }

        // The fence: a claim that is no longer the job's finds nothing.
        var found = session.Query(
            $"SELECT {JobRow.Columns} FROM runtime_jobs WHERE row = ?1 AND lease = ?2 AND state = 4 AND id = ?3", JobRow.Read, ending.Lease.Row, ending.Lease.Number, ending.Lease.Id);
        if (found is not [var job])
        {
            return false;
        }

        ReleasePlace(session, job);
        switch (ending.Kind)
        {
            case JobEndingKind.Succeeded:
                End(session, job, JobState.Succeeded, ending.Reason, now, ending.Result);
                break;
            case JobEndingKind.Failed:
                session.Run("UPDATE runtime_jobs SET last_error = ?2 WHERE row = ?1", job.Row, ending.Reason);
                End(session, job, JobState.Failed, ending.Reason, now);
                break;
            case JobEndingKind.Cancelled:
                End(session, job, JobState.Cancelled, ending.Reason, now);
                break;
            case JobEndingKind.Parked:
                session.Run("UPDATE runtime_jobs SET state = 13, reason = ?2, attempt = attempt - 1 WHERE row = ?1", job.Row, ending.Reason);
                session.Outbox.Ended(job.Job.Id);
                break;
            default:
                RunAgain(session, job, ending, now);
                break;
        }

        return true;
    }

    private static void RunAgain(SqliteSession session, JobRow job, JobEnding ending, long now)
    {
        if (job.CancelRequested)
        {
            End(session, job, JobState.Cancelled, job.Reason, now); // it would otherwise run once more before anybody remembers
            return;
        }

        if (ending.Kind == JobEndingKind.Retry)
        {
            session.Run("UPDATE runtime_jobs SET reason = ?2, last_error = ?2 WHERE row = ?1", job.Row, ending.Reason);
        }
        else
        {
            session.Run("UPDATE runtime_jobs SET reason = ?2, attempt = attempt - 1 WHERE row = ?1", job.Row, ending.Reason);
        }

        Admit(session, job.Row, job.Job, ending.Kind == JobEndingKind.Interrupted ? now : now + ending.Delay.Ticks, now);
    }

    // Ends a job and whatever ends with it.
    private static void End(SqliteSession session, JobRow ended, JobState state, string? reason, long now, ReadOnlyMemory<byte> result = default)
    {
        Finish(session, ended, state, reason, now, result);
        Settle(session, ended.Job.Id, state, ended.Job.Batch, now);
    }

    // Releases or ends what has waited for a job; not by recursion, since a chain of continuations may be long.
    private static void Settle(SqliteSession session, Guid id, JobState state, Guid? batch, long now)
    {
        var over = new Stack<(Guid Id, JobState State, Guid? Batch)>();
        over.Push((id, state, batch));
        while (over.TryPop(out var parent))
        {
            if (parent.Batch is { } counted && CountOut(session, counted, now) is { } ended)
            {
                over.Push((ended.Job.Id, JobState.Succeeded, ended.Job.Batch));
            }

            foreach (var child in session.Query($"SELECT {JobRow.Columns} FROM runtime_jobs WHERE state = 3 AND parent = ?1", JobRow.Read, parent.Id))
            {
                session.Outbox.NeedsSync = true; // else a power cut could repeat a job after the one that had to come after it
                if (Continuations.Releases(child.Job.On, parent.State))
                {
                    Release(session, child.Row, child.Job, now);
                }
                else
                {
                    Finish(session, child, JobState.Cancelled, Continuations.Explain(parent.Id, parent.State, child.Job.On), now, default);
                    over.Push((child.Job.Id, JobState.Cancelled, child.Job.Batch));
                }
            }
        }
    }

    // One member of a batch less. Gives the batch when that has ended with it; one that has something to run is queued.
    private static JobRow? CountOut(SqliteSession session, Guid id, long now)
    {
        if (session.Run("UPDATE runtime_jobs SET members_left = members_left - 1 WHERE id = ?1 AND state = 3", id) == 0
            || session.Query($"SELECT {JobRow.Columns} FROM runtime_jobs WHERE id = ?1", JobRow.Read, id) is not [{ MembersLeft: <= 0 } batch])
        {
            return null;
        }

        session.Outbox.NeedsSync = true; // as for a continuation
        if (!batch.Job.IsMarker)
        {
            Release(session, batch.Row, batch.Job, now);
            return null;
        }

        Finish(session, batch, JobState.Succeeded, null, now, default);
        return batch;
    }

    private static void Finish(SqliteSession session, JobRow job, JobState state, string? reason, long now, ReadOnlyMemory<byte> result)
    {
        session.Run(
            "UPDATE runtime_jobs SET state = ?2, reason = ?3, finished_at = ?4, result = ?5 WHERE row = ?1",
            job.Row, (int)state, reason, now, result.IsEmpty ? default(SqliteValue) : result);
        if (job.Job is { UniqueKey: { } key, Uniqueness: not JobUniqueness.ForPeriod })
        {
            session.Run("DELETE FROM runtime_job_keys WHERE name = ?1 AND key = ?2 AND job = ?3", job.Job.Name, key, job.Row);
        }

        session.Outbox.Ended(job.Job.Id);
    }

    // Gives the place under the concurrency key to the first who may have it.
    private static void ReleasePlace(SqliteSession session, JobRow job)
    {
        if (!job.HoldsKey || job.Job.ConcurrencyKey is not { } key)
        {
            return;
        }

        session.Run("UPDATE runtime_jobs SET holds_key = 0 WHERE row = ?1", job.Row);
        GivePlace(session, key, session.Number("UPDATE runtime_job_places SET running = running - 1 WHERE key = ?1 RETURNING running", key) ?? 0);
    }

    private static void GivePlace(SqliteSession session, string key, long running)
    {
        var next = session.Number(
            "SELECT row FROM runtime_jobs WHERE state = 2 AND suspect = 0 AND rate_held = 0 AND concurrency_key = ?1 AND concurrency_limit > ?2 "
            + "AND NOT EXISTS (SELECT 1 FROM runtime_job_pauses p WHERE (p.scope = 1 AND p.key = name) OR (p.scope = 0 AND p.key = queue)) ORDER BY rank, deadline_at, row LIMIT 1",
            key, running);
        if (next is { } row)
        {
            Unblock(session, row);
        }
        else if (running == 0)
        {
            session.Run("DELETE FROM runtime_job_places WHERE key = ?1", key);
        }
    }

    private static void Unblock(SqliteSession session, long row)
    {
        session.Run("UPDATE runtime_jobs SET state = 1, rate_held = 0, reason = NULL WHERE row = ?1", row);
        session.Outbox.Work = true;
    }
}
