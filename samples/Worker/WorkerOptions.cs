using System.ComponentModel.DataAnnotations;

namespace Samples.Worker;

/// <summary>The configuration section <c>Worker</c>.</summary>
public sealed class WorkerOptions : IValidatableObject
{
    /// <summary>The name of the section.</summary>
    public const string SectionName = "Worker";

    /// <summary>Gets or sets the folder whose files are analysed; created when missing.</summary>
    /// <value>Default <c>inbox</c>, below the current directory.</value>
    [Required]
    public string Inbox { get; set; } = "inbox";

    /// <summary>Gets or sets the folder for the results; created when missing. One worker alone writes there.</summary>
    /// <value>Default <c>outbox</c>, below the current directory.</value>
    [Required]
    public string Outbox { get; set; } = "outbox";

    /// <summary>Gets or sets how long a file must not have changed before it is taken as complete.</summary>
    /// <value>Default 1 s. From 0 to 1 hour.</value>
    [Range(typeof(TimeSpan), "00:00:00", "01:00:00")]
    public TimeSpan SettleTime { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Gets or sets how often the inbox is looked through even if the system reports no change: such reports get lost.</summary>
    /// <value>Default 5 s. From 10 ms to 1 hour.</value>
    [Range(typeof(TimeSpan), "00:00:00.010", "01:00:00")]
    public TimeSpan RescanInterval { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Gets or sets how long a file that could not be analysed waits for the next attempt; doubled with every further one.</summary>
    /// <value>Default 1 s. From 10 ms to 1 hour.</value>
    [Range(typeof(TimeSpan), "00:00:00.010", "01:00:00")]
    public TimeSpan RetryDelay { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Gets or sets the longest such wait.</summary>
    /// <value>Default 1 min. From 10 ms to 1 day.</value>
    [Range(typeof(TimeSpan), "00:00:00.010", "1.00:00:00")]
    public TimeSpan MaxRetryDelay { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>Gets or sets the time between two summaries in the log.</summary>
    /// <value>Default 10 s. From 100 ms to 1 day.</value>
    [Range(typeof(TimeSpan), "00:00:00.100", "1.00:00:00")]
    public TimeSpan SummaryInterval { get; set; } = TimeSpan.FromSeconds(10);

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Path.GetFullPath(Inbox) == Path.GetFullPath(Outbox))
        {
            yield return new($"{SectionName}:{nameof(Outbox)} is '{Outbox}', the same folder as {nameof(Inbox)}: results would be analysed in turn. Name another folder.");
        }
    }
}
