namespace Runtime.Hosting.Jobs;

/// <summary>What becomes of a job that waits for another one. The same in every store.</summary>
public static class Continuations
{
    /// <summary>Says whether the end of a job releases one that waits for it.</summary>
    /// <param name="on">Which end it waits for.</param>
    /// <param name="end">How the other one ended; <see langword="null"/>: it is no longer there.</param>
    /// <returns>Whether it may run. Otherwise it is to be cancelled.</returns>
    public static bool Releases(JobContinuation on, JobState? end) => on switch
    {
        JobContinuation.Success => end is JobState.Succeeded,
        JobContinuation.Failure => end is JobState.Failed or JobState.Cancelled,
        _ => true,
    };

    /// <summary>Says why a job that waited was cancelled.</summary>
    /// <param name="parent">The job it waited for.</param>
    /// <param name="end">How that ended.</param>
    /// <param name="on">Which end it waited for.</param>
    /// <returns>A sentence.</returns>
    public static string Explain(Guid parent, JobState? end, JobContinuation on) => end is null
        ? $"It was to run after the job {parent}, which is not there."
        : $"It was to run after the {on switch { JobContinuation.Success => "success", JobContinuation.Failure => "failure", _ => "end" }} of the job {parent}, which is {end}.";
}
