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

    /// <summary>Puts jobs that are to be cancelled together in an order in which none is ended by the end of another one first: what waits before what it waits for, and a batch before its members.</summary>
    /// <typeparam name="T">What stands for a job.</typeparam>
    /// <param name="jobs">The jobs.</param>
    /// <param name="row">Gets the number of a job's arrival. A job arrives after the one that it waits for, and a member after its batch.</param>
    /// <param name="batch">Gets that of the job's batch, if it is among the jobs.</param>
    /// <returns>The jobs in that order.</returns>
    public static IEnumerable<T> InOrderOfCancelling<T>(IEnumerable<T> jobs, Func<T, long> row, Func<T, long?> batch) =>
        jobs.OrderByDescending(job => batch(job) ?? row(job)).ThenBy(job => batch(job) is not null).ThenByDescending(row);

    /// <summary>Says why a job that waited was cancelled.</summary>
    /// <param name="parent">The job it waited for.</param>
    /// <param name="end">How that ended.</param>
    /// <param name="on">Which end it waited for.</param>
    /// <returns>A sentence.</returns>
    public static string Explain(Guid parent, JobState? end, JobContinuation on) => end is null
        ? $"It was to run after the job {parent}, which is not there."
        : $"It was to run after the {on switch { JobContinuation.Success => "success", JobContinuation.Failure => "failure", _ => "end" }} of the job {parent}, which is {end}.";
}
