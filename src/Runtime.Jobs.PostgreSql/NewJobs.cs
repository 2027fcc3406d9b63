using Npgsql;
using NpgsqlTypes;
using Runtime.Hosting.Jobs;

namespace Runtime.Jobs.PostgreSql;

/// <summary>New jobs as arrays, one for each column: any number of them goes into the table by one statement.</summary>
internal static class NewJobs
{
    /// <summary>The parameters as a table <c>t</c>; <c>$1</c> is the time to reckon with, if it is not the server's.</summary>
    public const string Table = """
        SELECT coalesce($1, statement_timestamp()) AS now, t.*, greatest(coalesce($1, statement_timestamp()), coalesce(coalesce($1, statement_timestamp()) + t.delay, t.at)) AS due
        FROM unnest($2::uuid[], $3::text[], $4::text[], $5::smallint[], $6::bytea[], $7::interval[], $8::timestamptz[], $9::interval[], $10::interval[], $11::int[], $12::interval[], $13::text[],
          $14::smallint[], $15::interval[], $16::text[], $17::int[], $18::text[], $19::text[], $20::uuid[], $21::smallint[], $22::text[], $23::uuid[], $24::int[], $25::text[], $26::int[],
          $27::interval[])
          WITH ORDINALITY AS t(id, name, queue, priority, args, delay, at, deadline, timeout, max_attempts, retry_delay, unique_key, uniqueness, unique_period, concurrency_key, concurrency_limit, tags,
          trace, parent, parent_on, schedule, batch, members, rate_key, rate_limit, rate_period, number)
        """;

    public static NpgsqlParameter[] Of(IReadOnlyList<NewJob> jobs, DateTimeOffset? now) =>
    [
        PgValue.Time(now),
        PgValue.Ids(jobs.Select(static job => job.Id)),
        PgValue.Texts(jobs.Select(static job => job.Name)),
        PgValue.Texts(jobs.Select(static job => job.Queue)),
        PgValue.List<short>([.. jobs.Select(static job => (short)job.Priority)], NpgsqlDbType.Smallint),
        PgValue.List<byte[]>([.. jobs.Select(static job => job.Arguments.ToArray())], NpgsqlDbType.Bytea),
        Spans(jobs, static job => job.Delay > TimeSpan.Zero ? job.Delay : null),
        PgValue.List<DateTime?>([.. jobs.Select(static job => job.RunAt?.UtcDateTime)], NpgsqlDbType.TimestampTz),
        Spans(jobs, static job => job.Deadline),
        Spans(jobs, static job => job.Timeout),
        PgValue.List<int>([.. jobs.Select(static job => job.MaxAttempts)], NpgsqlDbType.Integer),
        Spans(jobs, static job => job.RetryDelay),
        PgValue.Texts(jobs.Select(static job => job.UniqueKey)),
        PgValue.List<short>([.. jobs.Select(static job => (short)job.Uniqueness)], NpgsqlDbType.Smallint),
        Spans(jobs, static job => job.UniquePeriod),
        PgValue.Texts(jobs.Select(static job => job.ConcurrencyKey)),
        PgValue.List<int>([.. jobs.Select(static job => job.ConcurrencyLimit)], NpgsqlDbType.Integer),
        PgValue.Texts(jobs.Select(static job => job.Tags.Count == 0 ? null : string.Join('\n', job.Tags))),
        PgValue.Texts(jobs.Select(static job => job.TraceParent)),
        PgValue.List<Guid?>([.. jobs.Select(static job => job.After)], NpgsqlDbType.Uuid),
        PgValue.List<short>([.. jobs.Select(static job => (short)job.On)], NpgsqlDbType.Smallint),
        PgValue.Texts(jobs.Select(static job => job.Schedule)),
        PgValue.List<Guid?>([.. jobs.Select(static job => job.Batch)], NpgsqlDbType.Uuid),
        PgValue.List<int>([.. jobs.Select(static job => job.Members)], NpgsqlDbType.Integer),
        PgValue.Texts(jobs.Select(static job => job.RateKey)),
        PgValue.List<int?>([.. jobs.Select(static job => job.RateKey is null ? null : (int?)job.RateLimit)], NpgsqlDbType.Integer),
        Spans(jobs, static job => job.RateKey is null ? null : job.RatePeriod),
    ];

    private static NpgsqlParameter Spans(IReadOnlyList<NewJob> jobs, Func<NewJob, TimeSpan?> of) => PgValue.List<TimeSpan?>([.. jobs.Select(of)], NpgsqlDbType.Interval);
}
