using System.Diagnostics.CodeAnalysis;

namespace Runtime.Hosting.Jobs;

/// <summary>Why a run's token was cancelled. The first cause counts.</summary>
internal enum RunCancellation
{
    None,

    /// <summary>Somebody wants the job cancelled.</summary>
    Asked,

    /// <summary>Its time is up.</summary>
    TimedOut,

    /// <summary>The process stops.</summary>
    Stopping,

    /// <summary>The node was cut off from the store for so long that other nodes may run the job by now.</summary>
    LeaseLost,
}

/// <summary>One run of a job in this process.</summary>
/// <remarks>Thread safe. Its token source is disposed of by nobody: a late cancel must find it usable, and without a timer in it there is nothing to give back.</remarks>
[SuppressMessage("Design", "CA1001:Types that own disposable fields should be disposable", Justification = "See remarks.")]
internal sealed class RunningJob(ClaimedJob claimed, EnginePart part) : JobContext
{
    private readonly CancellationTokenSource _cancellation = new();
    private int _cause;
    private int _isOver;
    private volatile string? _reason;
    private volatile Boxed? _progress;

    public ClaimedJob Claimed { get; } = claimed;

    /// <summary>Gets what has claimed it, and writes its end.</summary>
    public EnginePart Part { get; } = part;

    /// <summary>Gets whether the process may die of it.</summary>
    public bool IsSuspect { get; init; }

    public CancellationToken Token => _cancellation.Token;

    public RunCancellation Cause => (RunCancellation)Volatile.Read(ref _cause);

    public override Guid Id => Claimed.Job.Id;

    public override string Name => Claimed.Job.Name;

    public override string Queue => Claimed.Job.Queue;

    public override int Attempt => Claimed.Attempt;

    public override int MaxAttempts => Claimed.Job.MaxAttempts;

    public override DateTimeOffset EnqueuedAt => Claimed.EnqueuedAt;

    public override DateTimeOffset RunAt => Claimed.RunAt;

    public override IReadOnlyList<string> Tags => Claimed.Job.Tags;

    public override string? LastError => Claimed.LastError;

    public override string? CancellationReason => Cause == RunCancellation.None ? null : _reason;

    /// <summary>Called with the first report after one was taken.</summary>
    public Action<RunningJob>? Reported { get; set; }

    /// <summary>Cancels the token, once; on a thread of its own, since callbacks of users hang on it.</summary>
    public void Cancel(RunCancellation cause, string? reason)
    {
        if (Interlocked.CompareExchange(ref _cause, (int)cause, (int)RunCancellation.None) == (int)RunCancellation.None)
        {
            _reason = reason;
            _ = _cancellation.CancelAsync();
        }
    }

    /// <summary>Takes the right to say how the run ended. One caller gets it: the run itself, or a stop that gives it up.</summary>
    public bool TryEnd() => Interlocked.Exchange(ref _isOver, 1) == 0;

    /// <summary>Takes the latest report that has not been taken.</summary>
    public WorkProgress? TakeProgress() => Interlocked.Exchange(ref _progress, null)?.Value;

    public override void Report(double fraction, string? message = null)
    {
        if (!(fraction is >= 0 and <= 1))
        {
            throw new ArgumentOutOfRangeException(nameof(fraction), fraction, "The fraction that is done goes from 0 to 1.");
        }

        if (Interlocked.Exchange(ref _progress, new Boxed(new WorkProgress(fraction, message))) is null)
        {
            Reported?.Invoke(this);
        }
    }

    private sealed record Boxed(WorkProgress Value);
}
