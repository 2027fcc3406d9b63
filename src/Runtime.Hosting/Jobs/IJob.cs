namespace Runtime.Hosting;

/// <summary>One kind of durable job: what to do with arguments that were stored, maybe by another process, maybe days ago.</summary>
/// <typeparam name="TArgs">The arguments. They are written and read as JSON, so they should be plain data.</typeparam>
/// <remarks>
/// Made anew for each run, by the services of a scope of its own: ask for what you need in the constructor. Give the class a <see cref="JobAttribute"/>.
/// A job runs at least once: after a crash, a pause longer than its lease, or its own failure it runs again, so write effects outside of the store
/// in a way that survives a repetition (<see cref="JobContext.IdempotencyKey"/>).
/// </remarks>
public interface IJob<in TArgs>
{
    /// <summary>Runs the job.</summary>
    /// <param name="args">The stored arguments.</param>
    /// <param name="context">Which job this is, its attempt, and where to report progress.</param>
    /// <param name="cancellationToken">Cancelled when somebody cancels the job, when its time is up, when its lease is lost, and when the process stops.</param>
    /// <returns>What is to happen next. An exception means: try again, as long as there are attempts left.</returns>
    ValueTask<JobOutcome> RunAsync(TArgs args, JobContext context, CancellationToken cancellationToken);
}
