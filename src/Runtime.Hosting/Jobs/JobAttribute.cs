namespace Runtime.Hosting;

/// <summary>Names a kind of job. The store holds this name and never the name of a type, so classes can be renamed and moved while jobs are queued.</summary>
/// <param name="name">The name; 1 to 100 of the characters <c>a-z A-Z 0-9 . _ - :</c>, unique in the application.</param>
[AttributeUsage(AttributeTargets.Class, Inherited = false)]
public sealed class JobAttribute(string name) : Attribute
{
    /// <summary>Gets the name.</summary>
    public string Name { get; } = name;

    /// <summary>Gets or sets earlier names of the job, under which stored jobs may still wait.</summary>
    /// <value>Default: none.</value>
    public string[] Aliases { get; set; } = [];

    /// <summary>Gets or sets the queue for jobs whose enqueue names none.</summary>
    /// <value>Default <see langword="null"/>: the queue <c>default</c>.</value>
    public string? Queue { get; set; }

    /// <summary>Gets or sets how often the job is tried in all, when its enqueue does not say.</summary>
    /// <value>Default 0: as configured in <c>Jobs:MaxAttempts</c>. From 0 to 1,000.</value>
    public int MaxAttempts { get; set; }

    /// <summary>Gets or sets how long one run may take before its token is cancelled, when its enqueue does not say.</summary>
    /// <value>Default <see langword="null"/>: as long as it likes. A time written as <c>hh:mm:ss</c>, more than zero.</value>
    public string? Timeout { get; set; }

    /// <summary>Gets or sets the wait before the second attempt, when its enqueue does not say; it doubles with each further one.</summary>
    /// <value>Default <see langword="null"/>: as configured in <c>Jobs:RetryDelay</c>. A time written as <c>hh:mm:ss</c>, more than zero.</value>
    public string? RetryDelay { get; set; }
}
