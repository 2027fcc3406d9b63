using Runtime.Hosting;
using Runtime.Hosting.Jobs;

namespace Runtime.Jobs.Sqlite;

/// <summary>What may run now.</summary>
internal sealed partial class SqliteJobStore
{
    // How many jobs of one queue and rank are moved up in one claim: enough that none waits for ever, few enough that a claim stays short.
    private const int MostMovedUp = 64;
    private const int LooksPerThreshold = 8;

    // Jobs above this many crashes short of the limit run alone.
    private int Suspicion => Math.Max(1, _node.MaxCrashes - 1);

    // When that was last looked after; by the writer.
    private long _movedUpAt;

    // Whether the claim has queued jobs that it may not have looked at; by the writer.
    private bool _hasPassedOn;

    // Not synced: a claim that a power cut undoes leaves the job queued, which is where it would come again anyway.
    public async ValueTask<JobClaims> ClaimAsync(JobClaimRequest request, CancellationToken cancellationToken) =>
        await Writer.RunAsync(session => Claim(session, request), cancellationToken, SqliteSync.Never);

    private JobClaims Claim(SqliteSession session, JobClaimRequest request)
    {
        var now = Now();
        _hasPassedOn = false;
        var pauses = EndPauses(session, now);
        EndRates(session, now);
        var nextDue = Promote(session, now);
        var isPaused = pauses.Exists(pause => pause.Scope == JobPauseScope.Node && pause.Key == _node.Name);
        var queues = isPaused ? [] : Queues(session, request, pauses, now);
        var pausedKinds = pauses.Where(static pause => pause.Scope == JobPauseScope.Name).ToDictionary(static pause => pause.Key, static pause => pause.Reason, StringComparer.Ordinal);
        MoveUp(session, queues.Keys, now, request.StarvationThreshold);
        var claimed = new List<ClaimedJob>();
        var suspectWaits = false;
        var more = request.Suspect ? TakeSuspect(session, queues, pausedKinds, now, claimed) : Take(session, queues, pausedKinds, request.Room, now, claimed, out suspectWaits);
        foreach (var (queue, rate) in request.RateOfQueue)
        {
            if (claimed.Count(job => job.Job.Queue == queue) is > 0 and var starts)
            {
                CountStarts(session, queue, rate, starts, now);
            }
        }

        nextDue = Earlier(Earlier(nextDue, NextStart(session, request, now)), pauses.Min(static pause => pause.Until?.UtcTicks));
        return new JobClaims(claimed, nextDue is { } time ? TimeSpan.FromTicks(Math.Max(0, time - now)) : null, more || _hasPassedOn, suspectWaits);
    }

    // Queues what is due by now, and says when the next one is.
    private static long? Promote(SqliteSession session, long now)
    {
        const string Next = "SELECT min(run_at) FROM runtime_jobs WHERE state = 0";
        var next = session.Number(Next);
        if (!(next <= now))
        {
            return next;
        }

        session.Run("UPDATE runtime_jobs SET state = 1, ranked_at = ?1 WHERE state = 0 AND run_at <= ?1", now);
        return session.Number(Next);
    }

    // Queues that have jobs, with their room: one step of the index for each.
    private static Dictionary<string, int> Queues(SqliteSession session, JobClaimRequest request, List<JobPause> pauses, long now)
    {
        var queues = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var name = ""; session.Text("SELECT min(queue) FROM runtime_jobs WHERE state = 1 AND queue > ?1", name) is string next; name = next)
        {
            var room = request.RoomOfQueue.GetValueOrDefault(next, int.MaxValue);
            room = request.RateOfQueue.TryGetValue(next, out var rate) ? Math.Min(room, RoomUnderRate(session, next, rate, now)) : room;
            if (room > 0 && !pauses.Exists(pause => pause.Scope == JobPauseScope.Queue && pause.Key == next))
            {
                queues.Add(next, room);
            }
        }

        return queues;
    }

    private bool Take(SqliteSession session, Dictionary<string, int> queues, Dictionary<string, string?> pausedKinds, int room, long now, List<ClaimedJob> claimed, out bool suspectWaits)
    {
        suspectWaits = false;
        var held = false;
        while (claimed.Count < room)
        {
            var candidates = new List<JobRow>();
            foreach (var (queue, roomOfQueue) in queues)
            {
                candidates.AddRange(session.Query(
                    $"SELECT {JobRow.Columns} FROM runtime_jobs WHERE state = 1 AND queue = ?1 ORDER BY rank, deadline_at, row LIMIT ?2",
                    JobRow.Read, queue, Math.Min(room - claimed.Count + 1, roomOfQueue)));
            }

            if (queues.Count > 1)
            {
                candidates.Sort(static (x, y) => (x.Rank, x.DeadlineAt, x.Row).CompareTo((y.Rank, y.DeadlineAt, y.Row)));
            }

            held = false;
            foreach (var job in candidates)
            {
                if (claimed.Count >= room)
                {
                    return true;
                }

                if (job.Crashes >= Suspicion && _node.MaxCrashes > 1)
                {
                    // Kept aside until the node has nothing else to do.
                    session.Run("UPDATE runtime_jobs SET state = 2, reason = 'The process died in it; it runs alone.', suspect = 1 WHERE row = ?1", job.Row);
                    held = true;
                }
                else if (TryHold(session, job, pausedKinds, now))
                {
                    held = true;
                }
                else
                {
                    claimed.Add(Start(session, job, now));
                    queues[job.Job.Queue]--;
                }
            }

            if (!held)
            {
                break; // all candidates were taken, and there are no others
            }
        }

        suspectWaits = session.Number("SELECT 1 FROM runtime_jobs WHERE state = 2 AND suspect = 1 LIMIT 1") is not null;
        return claimed.Count >= room && session.Number("SELECT 1 FROM runtime_jobs WHERE state = 1 LIMIT 1") is not null;
    }

    private bool TakeSuspect(SqliteSession session, Dictionary<string, int> queues, Dictionary<string, string?> pausedKinds, long now, List<ClaimedJob> claimed)
    {
        foreach (var job in session.Query($"SELECT {JobRow.Columns} FROM runtime_jobs WHERE state = 2 AND suspect = 1 ORDER BY row", JobRow.Read))
        {
            session.Run("UPDATE runtime_jobs SET state = 1, reason = NULL, suspect = 0 WHERE row = ?1", job.Row);
            if (!TryHold(session, job, pausedKinds, now))
            {
                claimed.Add(Start(session, job, now));
                break;
            }
        }

        return queues.Count > 0;
    }

    // Takes a job out of its queue that may not run although it is its turn.
    private bool TryHold(SqliteSession session, JobRow job, Dictionary<string, string?> pausedKinds, long now)
    {
        if (pausedKinds.TryGetValue(job.Job.Name, out var reason))
        {
            Block(session, job, $"Jobs of this kind are paused. {reason}".TrimEnd());
            PassOnPlace(session, job);
            return true;
        }

        if (job.Job.ConcurrencyKey is not { } key)
        {
            return !TryStartUnderRate(session, job, now);
        }

        if (session.Number("SELECT running FROM runtime_job_places WHERE key = ?1", key) >= job.Job.ConcurrencyLimit)
        {
            Block(session, job, $"The {job.Job.ConcurrencyLimit} places of the concurrency key '{JobKeys.Shown(key)}' are taken.");
            return true;
        }

        if (!TryStartUnderRate(session, job, now))
        {
            PassOnPlace(session, job);
            return true;
        }

        session.Run("INSERT INTO runtime_job_places (key, running) VALUES (?1, 1) ON CONFLICT (key) DO UPDATE SET running = running + 1", key);
        session.Run("UPDATE runtime_jobs SET holds_key = 1 WHERE row = ?1", job.Row);
        return false;
    }

    // A job that is held by something else may have been queued because a place had become free: the place is the next one's.
    private void PassOnPlace(SqliteSession session, JobRow job)
    {
        if (job.Job.ConcurrencyKey is { } key)
        {
            _hasPassedOn = true;
            GivePlace(session, key, session.Number("SELECT running FROM runtime_job_places WHERE key = ?1", key) ?? 0);
        }
    }

    private static void Block(SqliteSession session, JobRow job, string reason) => session.Run("UPDATE runtime_jobs SET state = 2, reason = ?2 WHERE row = ?1", job.Row, reason);

    private ClaimedJob Start(SqliteSession session, JobRow job, long now)
    {
        var lease = NextLease();
        session.Run(
            "UPDATE runtime_jobs SET state = 4, lease = ?2, attempt = attempt + 1, started_at = ?3, reason = NULL, progress = NULL, progress_text = NULL, node = ?4 WHERE row = ?1",
            job.Row, lease, now, _node.Name);
        if (job.Job is { UniqueKey: { } key, Uniqueness: JobUniqueness.WhileQueued })
        {
            session.Run("DELETE FROM runtime_job_keys WHERE name = ?1 AND key = ?2 AND job = ?3", job.Job.Name, key, job.Row);
        }

        return new ClaimedJob
        {
            Lease = new(job.Job.Id, job.Row, lease),
            Job = job.Job,
            Attempt = job.Attempt + 1,
            Crashes = job.Crashes,
            EnqueuedAt = JobRow.Time(job.EnqueuedAt),
            RunAt = JobRow.Time(job.RunAt),
            Waited = TimeSpan.FromTicks(now - job.RunAt),
            LastError = job.LastError,
        };
    }

    // Nothing waits for ever: who has waited a threshold long is served as if it were a priority higher, and so on until it is first.
    private void MoveUp(SqliteSession session, IEnumerable<string> queues, long now, TimeSpan threshold)
    {
        if (now - _movedUpAt < threshold.Ticks / LooksPerThreshold)
        {
            return;
        }

        _movedUpAt = now;
        foreach (var queue in queues)
        {
            for (var rank = 1; rank <= (int)Core.TaskPriority.Background; rank++)
            {
                session.Run(
                    """
                    UPDATE runtime_jobs SET rank = rank - 1, ranked_at = ?4 WHERE row IN (
                      SELECT row FROM (SELECT row, ranked_at FROM runtime_jobs WHERE state = 1 AND queue = ?1 AND rank = ?2 ORDER BY deadline_at, row LIMIT ?5) WHERE ranked_at <= ?3)
                    """,
                    queue, rank, now - threshold.Ticks, now, MostMovedUp);
            }
        }
    }
}
