using Runtime.Hosting.Jobs;

namespace Runtime.Jobs.Sqlite;

/// <summary>How jobs move out, when one machine is no longer enough.</summary>
internal sealed partial class SqliteJobStore
{
    public string Place => file.Path;

    public bool IsThere => File.Exists(file.Path);

    public async ValueTask<IReadOnlyList<JobCopy>> ReadAsync(bool waiting, int atMost, CancellationToken cancellationToken) => await ReadAsync(
        session => session.Query($"SELECT {JobRow.Columns} FROM runtime_jobs WHERE (state = 3) = ?1 ORDER BY row LIMIT ?2", JobRow.Read, waiting ? 1 : 0, atMost)
            .ConvertAll(job => new JobCopy { Job = job.Job, Info = job.ToInfo(whole: true), LastError = job.LastError, KeyUntil = KeyUntil(session, job.Row) }),
        cancellationToken);

    public async ValueTask ForgetAsync(IReadOnlyList<Guid> ids, CancellationToken cancellationToken) => await WriteAsync(
        session =>
        {
            foreach (var id in ids)
            {
                if (session.Number("SELECT row FROM runtime_jobs WHERE id = ?1", id) is { } row)
                {
                    Delete(session, row);
                }
            }

            return true;
        },
        cancellationToken);

    private static DateTimeOffset? KeyUntil(SqliteSession session, long row) => session.Number("SELECT until FROM runtime_job_keys WHERE job = ?1", row) switch
    {
        null => null,
        long.MaxValue => DateTimeOffset.MaxValue,
        { } until => JobRow.Time(until),
    };
}
