namespace Runtime.Hosting;

/// <summary>Which jobs are meant. What is not named does not matter; what is named must all be true.</summary>
public sealed record JobFilter
{
    /// <summary>Gets the ids of jobs.</summary>
    /// <value>Default: any. At most 1,000.</value>
    public IReadOnlyList<Guid> Ids { get; init; } = [];

    /// <summary>Gets the states.</summary>
    /// <value>Default: any.</value>
    public IReadOnlyList<JobState> States { get; init; } = [];

    /// <summary>Gets the name of the kind.</summary>
    public string? Name { get; init; }

    /// <summary>Gets the queue.</summary>
    public string? Queue { get; init; }

    /// <summary>Gets a tag.</summary>
    public string? Tag { get; init; }

    /// <summary>Gets the recurring job whose runs are meant.</summary>
    public string? Schedule { get; init; }

    /// <summary>Gets the batch whose members are meant.</summary>
    public Guid? Batch { get; init; }

    /// <summary>Gets a text that occurs in the arguments as they are stored; upper and lower case matter.</summary>
    /// <value>Default: any. At most 256 characters.</value>
    public string? Text { get; init; }

    /// <summary>Gets how many jobs a page has at most.</summary>
    /// <value>Default 50. From 1 to 500.</value>
    public int PageSize { get; init; } = 50;

    /// <summary>Gets where the page begins: <see cref="JobPage.Next"/> of the page before.</summary>
    /// <value>Default <see langword="null"/>: at the newest.</value>
    public string? From { get; init; }
}

/// <summary>A page of jobs.</summary>
/// <param name="Jobs">The jobs, the newest first.</param>
/// <param name="Next">Where the next page begins; <see langword="null"/> when there is none.</param>
public sealed record JobPage(IReadOnlyList<JobInfo> Jobs, string? Next);

/// <summary>What came of cancelling a job.</summary>
public enum JobCancellation
{
    /// <summary>There is no such job.</summary>
    NotFound,

    /// <summary>It had not started, and never will.</summary>
    Cancelled,

    /// <summary>It runs, and its token is being cancelled. It may still succeed if it does not look.</summary>
    Requested,

    /// <summary>It was over.</summary>
    AlreadyOver,
}
