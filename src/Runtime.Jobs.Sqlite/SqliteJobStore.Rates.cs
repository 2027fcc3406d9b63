using System.Runtime.InteropServices;
using Runtime.Hosting.Jobs;

namespace Runtime.Jobs.Sqlite;

/// <summary>Jobs that wait until their rate allows another start.</summary>
internal sealed partial class SqliteJobStore
{
    private static string OfKey(string key) => "key:" + key;

    private static string OfQueue(string queue) => "queue:" + queue;

    private static bool TryStartUnderRate(SqliteSession session, JobRow job, long now)
    {
        if (job.Job.RateKey is not { } key)
        {
            return true;
        }

        var starts = ReadStarts(session, OfKey(key));
        var time = JobRow.Time(now);
        if (starts.Room(job.Job.Rate, time) == 0)
        {
            session.Run("UPDATE runtime_jobs SET state = 2, rate_held = 1, reason = ?2 WHERE row = ?1", job.Row, $"The rate key '{JobKeys.Shown(key)}' allows {job.Job.Rate}.");
            WriteStarts(session, OfKey(key), starts);
            session.Run("UPDATE runtime_job_rates SET free_at = min(coalesce(free_at, ?2), ?2) WHERE key = ?1", OfKey(key), starts.FreeAt(job.Job.Rate, time).UtcTicks);
            return false;
        }

        starts.Add(1, job.Job.RatePeriod, time);
        WriteStarts(session, OfKey(key), starts);
        return true;
    }

    private static int RoomUnderRate(SqliteSession session, string queue, JobRate rate, long now) => ReadStarts(session, OfQueue(queue)).Room(rate, JobRow.Time(now));

    private static void CountStarts(SqliteSession session, string queue, JobRate rate, int count, long now)
    {
        var starts = ReadStarts(session, OfQueue(queue));
        starts.Add(count, rate.Period, JobRow.Time(now));
        WriteStarts(session, OfQueue(queue), starts);
    }

    // Queues as many as may start now. The next look reckons with their starts; if those are held up by something else, that look finds room and queues more.
    private static void EndRates(SqliteSession session, long now)
    {
        foreach (var key in session.Query("SELECT key FROM runtime_job_rates WHERE free_at <= ?1", static row => row.Text(0), now))
        {
            Free(session, key, now);
        }
    }

    private static void Free(SqliteSession session, string key, long now)
    {
        const string Blocked = $"SELECT {JobRow.Columns} FROM runtime_jobs WHERE state = 2 AND rate_held = 1 AND rate_key = ?1 ORDER BY rank, deadline_at, row LIMIT ?2";
        session.Run("UPDATE runtime_job_rates SET free_at = NULL WHERE key = ?1", key);
        var rateKey = key[OfKey("").Length..];
        if (session.Query(Blocked, JobRow.Read, rateKey, 1) is not [var first])
        {
            return;
        }

        var starts = ReadStarts(session, key);
        var time = JobRow.Time(now);
        var room = starts.Room(first.Job.Rate, time);
        var free = session.Query(Blocked, JobRow.Read, rateKey, room);
        foreach (var job in free)
        {
            Unblock(session, job.Row);
        }

        if (session.Query(Blocked, JobRow.Read, rateKey, 1) is [var next])
        {
            starts.Add(free.Count, first.Job.RatePeriod, time);
            session.Run("UPDATE runtime_job_rates SET free_at = ?2 WHERE key = ?1", key, starts.FreeAt(next.Job.Rate, time).UtcTicks);
        }
    }

    // When a key that holds jobs, or a queue that has jobs and has used up its rate, may start the next.
    private static long? NextStart(SqliteSession session, JobClaimRequest request, long now)
    {
        var next = session.Number("SELECT min(free_at) FROM runtime_job_rates WHERE free_at IS NOT NULL");
        foreach (var (queue, rate) in request.RateOfQueue)
        {
            var starts = ReadStarts(session, OfQueue(queue));
            if (starts.Room(rate, JobRow.Time(now)) == 0 && session.Number("SELECT 1 FROM runtime_jobs WHERE state = 1 AND queue = ?1 LIMIT 1", queue) is not null)
            {
                next = Earlier(next, starts.FreeAt(rate, JobRow.Time(now)).UtcTicks);
            }
        }

        return next;
    }

    private static void ForgetRates(SqliteSession session, long now) => session.Run("DELETE FROM runtime_job_rates WHERE free_at IS NULL AND until <= ?1", now);

    private static JobStarts ReadStarts(SqliteSession session, string key) =>
        session.Query("SELECT starts FROM runtime_job_rates WHERE key = ?1", static row => row.Bytes(0), key) is [var bytes] ? new(MemoryMarshal.Cast<byte, long>(bytes)) : new();

    private static void WriteStarts(SqliteSession session, string key, JobStarts starts) => session.Run(
        "INSERT INTO runtime_job_rates (key, starts, until) VALUES (?1, ?2, ?3) ON CONFLICT (key) DO UPDATE SET starts = ?2, until = ?3",
        key, MemoryMarshal.AsBytes<long>(starts.ToArray()).ToArray(), starts.CountUntil.UtcTicks);

    private static long? Earlier(long? one, long? other) => one is null || other < one ? other ?? one : one;
}
