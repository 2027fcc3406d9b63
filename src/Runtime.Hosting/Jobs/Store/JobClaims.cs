using System.Collections.ObjectModel;
using System.Runtime.InteropServices;

namespace Runtime.Hosting.Jobs;

/// <summary>The right to write for one run of a job, from its claim until it is claimed again.</summary>
/// <param name="Id">The job.</param>
/// <param name="Row">Where the store finds it; of no meaning to others.</param>
/// <param name="Number">The number of the claim; no two claims of a job have the same.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct JobLease(Guid Id, long Row, long Number);

/// <summary>What a node wants to run.</summary>
public sealed record JobClaimRequest
{
    /// <summary>Gets how many jobs there is room for; 1 or more.</summary>
    public required int Room { get; init; }

    /// <summary>Gets the queues that have less room than that, each with how much it has. 0 leaves the queue out.</summary>
    public IReadOnlyDictionary<string, int> RoomOfQueue { get; init; } = ReadOnlyDictionary<string, int>.Empty;

    /// <summary>Gets the queues of which only so many jobs may start in a span of time, on all nodes that say so together.</summary>
    public IReadOnlyDictionary<string, JobRate> RateOfQueue { get; init; } = ReadOnlyDictionary<string, JobRate>.Empty;

    /// <summary>Gets whether the node wants the one suspect that waits longest and nothing else: it runs nothing at present.</summary>
    public bool Suspect { get; init; }

    /// <summary>Gets how long a job waits before it is served as if it were a priority higher.</summary>
    public required TimeSpan StarvationThreshold { get; init; }
}

/// <summary>Jobs that a node may run now.</summary>
/// <param name="Jobs">The jobs, the most urgent first.</param>
/// <param name="NextDue">How long until the next scheduled job, the end of the next pause, or the next start that a rate allows; <see langword="null"/>: nothing to wait for.</param>
/// <param name="MayHaveMore">Whether asking again at once may bring more.</param>
/// <param name="SuspectWaits">Whether a job waits in which the process has died so often that it is run alone from now on.</param>
public sealed record JobClaims(IReadOnlyList<ClaimedJob> Jobs, TimeSpan? NextDue, bool MayHaveMore, bool SuspectWaits);

/// <summary>A job that the node may run.</summary>
public sealed record ClaimedJob
{
    /// <summary>Gets the right to write for this run.</summary>
    public required JobLease Lease { get; init; }

    /// <summary>Gets what was stored.</summary>
    public required NewJob Job { get; init; }

    /// <summary>Gets the number of this attempt; 1 or more.</summary>
    public required int Attempt { get; init; }

    /// <summary>Gets how often the process has died in it.</summary>
    public int Crashes { get; init; }

    /// <summary>Gets when it was stored.</summary>
    public required DateTimeOffset EnqueuedAt { get; init; }

    /// <summary>Gets when it was due.</summary>
    public required DateTimeOffset RunAt { get; init; }

    /// <summary>Gets how long it has waited since then.</summary>
    public required TimeSpan Waited { get; init; }

    /// <summary>Gets what an earlier attempt failed of.</summary>
    public string? LastError { get; init; }
}
