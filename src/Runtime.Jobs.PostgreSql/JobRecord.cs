using Npgsql;
using Runtime.Core;
using Runtime.Hosting;
using Runtime.Hosting.Jobs;

namespace Runtime.Jobs.PostgreSql;

/// <summary>A row of the table of jobs, or of the history.</summary>
internal sealed record JobRecord
{
    /// <summary>The columns, in the order in which they are read.</summary>
    public const string Columns =
        "j.row, j.id, j.name, j.queue, j.state, j.priority, j.rank, j.run_at, j.enqueued_at, j.started_at, j.finished_at, j.attempt, j.max_attempts, j.crashes, j.lease, j.cancel, j.holds_key, "
        + "j.has_children, j.node, j.reason, j.last_error, j.progress, j.progress_text, j.deadline, j.timeout, j.retry_delay, j.unique_key, j.uniqueness, j.unique_period, j.concurrency_key, "
        + "j.concurrency_limit, j.tags, j.trace, j.parent, j.parent_on, j.schedule, j.batch, j.members, j.members_left, j.rate_key, j.rate_limit, j.rate_period, ";

    /// <summary>The columns with arguments and result.</summary>
    public const string WholeColumns = Columns + "j.args, j.result";

    /// <summary>The columns without arguments and result, which may be large.</summary>
    public const string ListedColumns = Columns + "NULL::bytea, NULL::bytea";

    /// <summary>How many columns there are.</summary>
    public const int Count = 44;

    public required long Row { get; init; }

    public required NewJob Job { get; init; }

    public required JobState State { get; init; }

    public required int Rank { get; init; }

    public required DateTimeOffset RunAt { get; init; }

    public required DateTimeOffset EnqueuedAt { get; init; }

    public required DateTimeOffset? StartedAt { get; init; }

    public required DateTimeOffset? FinishedAt { get; init; }

    public required int Attempt { get; init; }

    public required int Crashes { get; init; }

    public required long Lease { get; init; }

    public required bool CancelRequested { get; init; }

    public required bool HoldsKey { get; init; }

    public required bool HasChildren { get; init; }

    public required string? Node { get; init; }

    public required byte[]? Result { get; init; }

    public required string? Reason { get; init; }

    public required string? LastError { get; init; }

    public required WorkProgress? Progress { get; init; }

    public required int MembersLeft { get; init; }

    /// <summary>Reads a row that begins with the columns.</summary>
    public static JobRecord Read(NpgsqlDataReader reader) => Read(reader, 0);

    /// <summary>Reads a row whose columns begin later.</summary>
    public static JobRecord Read(NpgsqlDataReader reader, int first) => new()
    {
        Row = reader.GetInt64(first),
        State = (JobState)reader.GetInt16(first + 4),
        Rank = reader.GetInt16(first + 6),
        RunAt = Time(reader, first + 7),
        EnqueuedAt = Time(reader, first + 8),
        StartedAt = reader.IsDBNull(first + 9) ? null : Time(reader, first + 9),
        FinishedAt = reader.IsDBNull(first + 10) ? null : Time(reader, first + 10),
        Attempt = reader.GetInt32(first + 11),
        Crashes = reader.GetInt32(first + 13),
        Lease = reader.GetInt64(first + 14),
        CancelRequested = reader.GetBoolean(first + 15),
        HoldsKey = reader.GetBoolean(first + 16),
        HasChildren = reader.GetBoolean(first + 17),
        Node = Text(reader, first + 18),
        Reason = Text(reader, first + 19),
        LastError = Text(reader, first + 20),
        Progress = reader.IsDBNull(first + 21) ? null : new WorkProgress(reader.GetDouble(first + 21), Text(reader, first + 22)),
        MembersLeft = reader.GetInt32(first + 38),
        Result = reader.IsDBNull(first + 43) ? null : reader.GetFieldValue<byte[]>(first + 43),
        Job = new NewJob
        {
            Id = reader.GetGuid(first + 1),
            Name = Text(reader, first + 2)!,
            Queue = Text(reader, first + 3)!,
            Arguments = reader.IsDBNull(first + 42) ? default(ReadOnlyMemory<byte>) : reader.GetFieldValue<byte[]>(first + 42),
            Priority = (TaskPriority)reader.GetInt16(first + 5),
            RunAt = Time(reader, first + 7),
            MaxAttempts = reader.GetInt32(first + 12),
            Deadline = Span(reader, first + 23),
            Timeout = Span(reader, first + 24),
            RetryDelay = Span(reader, first + 25),
            UniqueKey = Text(reader, first + 26),
            Uniqueness = (JobUniqueness)reader.GetInt16(first + 27),
            UniquePeriod = Span(reader, first + 28)!.Value,
            ConcurrencyKey = Text(reader, first + 29),
            ConcurrencyLimit = reader.GetInt32(first + 30),
            Tags = [.. reader.GetFieldValue<string[]>(first + 31).Select(static tag => PgText.Decode(tag))],
            TraceParent = Text(reader, first + 32),
            After = reader.IsDBNull(first + 33) ? null : reader.GetGuid(first + 33),
            On = (JobContinuation)reader.GetInt16(first + 34),
            Schedule = Text(reader, first + 35),
            Batch = reader.IsDBNull(first + 36) ? null : reader.GetGuid(first + 36),
            Members = reader.GetInt32(first + 37),
            RateKey = Text(reader, first + 39),
            RateLimit = reader.IsDBNull(first + 40) ? 1 : reader.GetInt32(first + 40),
            RatePeriod = Span(reader, first + 41) ?? TimeSpan.FromSeconds(1),
        },
    };

    public JobInfo ToInfo() => Job.Describe(State) with
    {
        Row = Row,
        Attempt = Attempt,
        Crashes = Crashes,
        EnqueuedAt = EnqueuedAt,
        RunAt = RunAt,
        StartedAt = StartedAt,
        FinishedAt = FinishedAt,
        Reason = Reason,
        Node = Node,
        Progress = Progress,
        MembersLeft = MembersLeft,
        Arguments = Job.Arguments,
        Result = Result,
    };

    private static DateTimeOffset Time(NpgsqlDataReader reader, int column) => new(reader.GetDateTime(column), TimeSpan.Zero);

    private static string? Text(NpgsqlDataReader reader, int column) => reader.IsDBNull(column) ? null : PgText.Decode(reader.GetString(column));

    private static TimeSpan? Span(NpgsqlDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetTimeSpan(column);
}
