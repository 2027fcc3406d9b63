namespace Runtime.Hosting;

/// <summary>A pause: what does not start, why, and until when.</summary>
/// <param name="Scope">What kind of thing is paused.</param>
/// <param name="Key">Its name.</param>
/// <param name="Reason">Why, for status pages.</param>
/// <param name="Until">When it ends by itself, from the year 2000 to 8999; <see langword="null"/>: not before somebody ends it.</param>
public sealed record JobPause(JobPauseScope Scope, string Key, string? Reason = null, DateTimeOffset? Until = null);

/// <summary>What can be paused.</summary>
/// <remarks>The numbers stand in stores and never change their meaning.</remarks>
public enum JobPauseScope
{
    /// <summary>A queue.</summary>
    Queue = 0,

    /// <summary>A kind of job, by its name.</summary>
    Name = 1,

    /// <summary>A recurring job.</summary>
    Schedule = 2,

    /// <summary>A process, by its <see cref="JobsOptions.NodeName"/>: it takes no more jobs, and is drained when what it runs has ended.</summary>
    Node = 3,
}
