namespace Runtime.Hosting;

/// <summary>The job that runs, for the code that runs it.</summary>
/// <remarks>Thread safe.</remarks>
public abstract class JobContext
{
    private protected JobContext()
    {
    }

    /// <summary>Gets the id of the job; the same in each of its attempts.</summary>
    public abstract Guid Id { get; }

    /// <summary>Gets the name of its kind.</summary>
    public abstract string Name { get; }

    /// <summary>Gets its queue.</summary>
    public abstract string Queue { get; }

    /// <summary>Gets the number of this attempt.</summary>
    /// <value>1 or more.</value>
    public abstract int Attempt { get; }

    /// <summary>Gets how many attempts there are in all.</summary>
    /// <value>1 or more.</value>
    public abstract int MaxAttempts { get; }

    /// <summary>Gets when it was stored.</summary>
    public abstract DateTimeOffset EnqueuedAt { get; }

    /// <summary>Gets when it was due.</summary>
    public abstract DateTimeOffset RunAt { get; }

    /// <summary>Gets its tags.</summary>
    public abstract IReadOnlyList<string> Tags { get; }

    /// <summary>Gets what an earlier attempt failed of, if one did.</summary>
    public abstract string? LastError { get; }

    /// <summary>Gets a text that is the same in each attempt of the job and in no other job: give it to services that recognise repeated requests.</summary>
    public string IdempotencyKey => Id.ToString("N");

    /// <summary>Gets why the job is being cancelled, once it is.</summary>
    public abstract string? CancellationReason { get; }

    /// <summary>Says how far the job has come. The latest report counts; it is stored within a second or so, without holding up the job.</summary>
    /// <param name="fraction">From 0 to 1.</param>
    /// <param name="message">What it is doing.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="fraction"/> is not from 0 to 1.</exception>
    public abstract void Report(double fraction, string? message = null);
}
