namespace Runtime.Core;

/// <summary>What became of the work that was live when the stop began.</summary>
/// <param name="Completed">Work that ran to its end, successfully or with an exception.</param>
/// <param name="Cancelled">Work that ended as cancelled, queued work that never started included.</param>
/// <param name="Abandoned">Work that had not ended when the stop gave up on it. Its continuations go to the ThreadPool.</param>
/// <param name="Elapsed">How long the stop took.</param>
public sealed record ShutdownReport(long Completed, long Cancelled, long Abandoned, TimeSpan Elapsed)
{
    /// <summary>Gets how much work was live when the stop began: the sum of the three outcomes.</summary>
    public long Live => Completed + Cancelled + Abandoned;
}
