using Microsoft.Data.Sqlite;
using Runtime.Core;
using Runtime.Hosting;
using Runtime.Hosting.Jobs;

namespace Runtime.Jobs.Sqlite;

/// <summary>A row of the table of jobs.</summary>
internal sealed record JobRow
{
    /// <summary>The columns, in the order in which <see cref="Read"/> takes them.</summary>
    public const string Columns =
        "row, id, name, queue, state, priority, rank, run_at, deadline_at, enqueued_at, started_at, finished_at, attempt, max_attempts, crashes, lease, cancel, holds_key, node, args, result, reason, "
        + "last_error, progress, progress_text, deadline, timeout, retry_delay, unique_key, uniqueness, unique_period, concurrency_key, concurrency_limit, tags, trace, parent, parent_on, schedule";

    public required long Row { get; init; }

    public required NewJob Job { get; init; }

    public required JobState State { get; init; }

    public required int Rank { get; init; }

    public required long RunAt { get; init; }

    public required long DeadlineAt { get; init; }

    public required long EnqueuedAt { get; init; }

    public required long? StartedAt { get; init; }

    public required long? FinishedAt { get; init; }

    public required int Attempt { get; init; }

    public required int Crashes { get; init; }

    public required long Lease { get; init; }

    public required bool CancelRequested { get; init; }

    public required bool HoldsKey { get; init; }

    public required string? Node { get; init; }

    public required byte[]? Result { get; init; }

    public required string? Reason { get; init; }

    public required string? LastError { get; init; }

    public required WorkProgress? Progress { get; init; }

    public bool IsOver => State is JobState.Succeeded or JobState.Failed or JobState.Cancelled;

    public static JobRow Read(SqliteDataReader reader) => new()
    {
        Row = reader.GetInt64(0),
        State = (JobState)reader.GetInt32(4),
        Rank = reader.GetInt32(6),
        RunAt = reader.GetInt64(7),
        DeadlineAt = reader.GetInt64(8),
        EnqueuedAt = reader.GetInt64(9),
        StartedAt = Number(reader, 10),
        FinishedAt = Number(reader, 11),
        Attempt = reader.GetInt32(12),
        Crashes = reader.GetInt32(14),
        Lease = reader.GetInt64(15),
        CancelRequested = reader.GetInt64(16) != 0,
        HoldsKey = reader.GetInt64(17) != 0,
        Node = Text(reader, 18),
        Result = reader.IsDBNull(20) ? null : (byte[])reader.GetValue(20),
        Reason = Text(reader, 21),
        LastError = Text(reader, 22),
        Progress = reader.IsDBNull(23) ? null : new WorkProgress(reader.GetDouble(23), Text(reader, 24)),
        Job = new NewJob
        {
            Id = new Guid((byte[])reader.GetValue(1), bigEndian: true),
            Name = reader.GetString(2),
            Queue = reader.GetString(3),
            Arguments = (byte[])reader.GetValue(19),
            Priority = (TaskPriority)reader.GetInt32(5),
            RunAt = Time(reader.GetInt64(7)),
            MaxAttempts = reader.GetInt32(13),
            Deadline = Span(reader, 25),
            Timeout = Span(reader, 26),
            RetryDelay = Span(reader, 27),
            UniqueKey = Text(reader, 28),
            Uniqueness = (JobUniqueness)reader.GetInt32(29),
            UniquePeriod = new TimeSpan(reader.GetInt64(30)),
            ConcurrencyKey = Text(reader, 31),
            ConcurrencyLimit = reader.GetInt32(32),
            Tags = Text(reader, 33) is { } tags ? tags.Split('\n', StringSplitOptions.RemoveEmptyEntries) : [],
            TraceParent = Text(reader, 34),
            After = reader.IsDBNull(35) ? null : new Guid((byte[])reader.GetValue(35), bigEndian: true),
            On = (JobContinuation)reader.GetInt32(36),
            Schedule = Text(reader, 37),
        },
    };

    public JobInfo ToInfo(bool whole) => new()
    {
        Id = Job.Id,
        Name = Job.Name,
        Queue = Job.Queue,
        State = State,
        Priority = Job.Priority,
        Attempt = Attempt,
        MaxAttempts = Job.MaxAttempts,
        Crashes = Crashes,
        EnqueuedAt = Time(EnqueuedAt),
        RunAt = Time(RunAt),
        StartedAt = StartedAt is { } started ? Time(started) : null,
        FinishedAt = FinishedAt is { } finished ? Time(finished) : null,
        Reason = Reason,
        Node = Node,
        Progress = Progress,
        Tags = Job.Tags,
        UniqueKey = Job.UniqueKey,
        ConcurrencyKey = Job.ConcurrencyKey,
        Schedule = Job.Schedule,
        Arguments = whole ? Job.Arguments : default,
        Result = whole ? Result : default(ReadOnlyMemory<byte>),
    };

    public static DateTimeOffset Time(long ticks) => new(ticks, TimeSpan.Zero);

    private static string? Text(SqliteDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetString(column);

    private static long? Number(SqliteDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetInt64(column);

    private static TimeSpan? Span(SqliteDataReader reader, int column) => reader.IsDBNull(column) ? null : new TimeSpan(reader.GetInt64(column));
}
