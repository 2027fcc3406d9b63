using System.Diagnostics.CodeAnalysis;

namespace Runtime.Hosting.Jobs;

/// <summary>How long a failed job waits: doubling, bounded, and drawn at random from the upper half, so that jobs that failed together do not come back together.</summary>
/// <remarks>"Equal jitter" of the AWS architecture blog, Exponential Backoff And Jitter (2015): half of the gain of full jitter, and never a retry at once.</remarks>
internal static class RetryBackoff
{
    public static TimeSpan After(int attempt, TimeSpan? first, JobsOptions options) => After(attempt, first ?? options.RetryDelay, options.MaxRetryDelay, Draw());

    /// <summary>The wait after an attempt.</summary>
    /// <param name="attempt">The attempt that failed; 1 or more.</param>
    /// <param name="first">The wait after the first.</param>
    /// <param name="longest">The longest wait; a first one that is longer still counts.</param>
    /// <param name="draw">From 0 to 1.</param>
    public static TimeSpan After(int attempt, TimeSpan first, TimeSpan longest, double draw)
    {
        var bound = first > longest ? first : longest;
        var wait = Math.Min(first.TotalSeconds * Math.Pow(2, Math.Min(attempt - 1, 60)), bound.TotalSeconds);
        return TimeSpan.FromSeconds(wait * (0.5 + (0.5 * draw)));
    }

    [SuppressMessage("Security", "CA5394:Do not use insecure randomness", Justification = "Spreads retries; nobody gains by guessing it.")]
    private static double Draw() => Random.Shared.NextDouble();
}
