namespace Runtime.Core.Cleanup;

/// <summary>How a <see cref="CleanupQueue"/> stands.</summary>
public sealed record CleanupSnapshot
{
    /// <summary>Gets how many things have been retired.</summary>
    public required long Retired { get; init; }

    /// <summary>Gets how many have been released, those that failed included. Behind by a slice at most.</summary>
    public required long Released { get; init; }

    /// <summary>Gets how many releases threw an exception.</summary>
    public required long Failed { get; init; }

    /// <summary>Gets how many were released by those who retired others, because too many waited.</summary>
    public required long Helped { get; init; }

    /// <summary>Gets how many wait, or are being released.</summary>
    public long Backlog => Math.Max(0, Retired - Released);

    /// <summary>Gets how many may wait before those who retire must help.</summary>
    public required int Capacity { get; init; }

    /// <summary>Gets how long slices took.</summary>
    public required DurationHistogram Slices { get; init; }

    /// <summary>Gets how long the longest slice took.</summary>
    public required TimeSpan LongestSlice { get; init; }

    /// <summary>Gets how long the longest release took, its asynchronous part left out.</summary>
    public required TimeSpan LongestRelease { get; init; }

    /// <summary>Gets how many slices took longer than their budget, because of a release that took long or a processor that was taken away.</summary>
    public required long Overruns { get; init; }
}
