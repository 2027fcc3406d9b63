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
        + "last_error, progress, progress_text, deadline, timeout, retry_delay, unique_key, uniqueness, unique_period, concurrency_key, concurrency_limit, tags, trace, parent, parent_on, schedule, batch, members, members_left, "
        + "rate_key, rate_limit, rate_period";

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

    public required int MembersLeft { get; init; }

    public bool IsOver => State is JobState.Succeeded or JobState.Failed or JobState.Cancelled;

    public static JobRow Read(SqliteRow row) => new()
    {
        Row = row.Number(0),
        State = (JobState)row.Int(4),
        Rank = row.Int(6),
        RunAt = row.Number(7),
        DeadlineAt = row.Number(8),
        EnqueuedAt = row.Number(9),
        StartedAt = row.NumberOrNull(10),
        FinishedAt = row.NumberOrNull(11),
        Attempt = row.Int(12),
        Crashes = row.Int(14),
        Lease = row.Number(15),
        CancelRequested = row.Number(16) != 0,
        HoldsKey = row.Number(17) != 0,
        Node = row.TextOrNull(18),
        Result = row.IsNull(20) ? null : row.Bytes(20),
        Reason = row.TextOrNull(21),
        LastError = row.TextOrNull(22),
        Progress = row.IsNull(23) ? null : new WorkProgress(row.Real(23), row.TextOrNull(24)),
        MembersLeft = row.Int(40),
        Job = new NewJob
        {
            Id = row.Id(1),
            Name = row.Text(2),
            Queue = row.Text(3),
            Arguments = row.Bytes(19),
            Priority = (TaskPriority)row.Int(5),
            RunAt = Time(row.Number(7)),
            MaxAttempts = row.Int(13),
            Deadline = Span(row, 25),
            Timeout = Span(row, 26),
            RetryDelay = Span(row, 27),
            UniqueKey = row.TextOrNull(28),
            Uniqueness = (JobUniqueness)row.Int(29),
            UniquePeriod = new TimeSpan(row.Number(30)),
            ConcurrencyKey = row.TextOrNull(31),
            ConcurrencyLimit = row.Int(32),
            Tags = row.TextOrNull(33) is { } tags ? tags.Split('\n', StringSplitOptions.RemoveEmptyEntries) : [],
            TraceParent = row.TextOrNull(34),
            After = row.IsNull(35) ? null : row.Id(35),
            On = (JobContinuation)row.Int(36),
            Schedule = row.TextOrNull(37),
            Batch = row.IsNull(38) ? null : row.Id(38),
            Members = row.Int(39),
            RateKey = row.TextOrNull(41),
            RateLimit = row.Int(42),
            RatePeriod = new TimeSpan(row.Number(43)),
        },
    };

    public JobInfo ToInfo(bool whole) => Job.Describe(State) with
    {
        Row = Row,
        Attempt = Attempt,
        Crashes = Crashes,
        EnqueuedAt = Time(EnqueuedAt),
        RunAt = Time(RunAt),
        StartedAt = StartedAt is { } started ? Time(started) : null,
        FinishedAt = FinishedAt is { } finished ? Time(finished) : null,
        Reason = Reason,
        Node = Node,
        Progress = Progress,
        MembersLeft = MembersLeft,
        Arguments = whole ? Job.Arguments : default,
        Result = whole ? Result : default(ReadOnlyMemory<byte>),
    };

    public static DateTimeOffset Time(long ticks) => new(ticks, TimeSpan.Zero);

    private static TimeSpan? Span(SqliteRow row, int column) => row.IsNull(column) ? null : new TimeSpan(row.Number(column));
}
