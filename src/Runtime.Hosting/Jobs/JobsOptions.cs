using System.Text.Json;

namespace Runtime.Hosting;

/// <summary>Settings of durable jobs; the configuration section <c>AsyncRuntime:Jobs</c>.</summary>
public sealed class JobsOptions
{
    /// <summary>Gets or sets how many jobs this process runs at once; one that awaits counts, though it holds no thread.</summary>
    /// <value>Default 0: sixteen for each worker thread, at least 64. From 0 to 1,000,000.</value>
    public int MaxConcurrency { get; set; }

    /// <summary>Gets or sets how many jobs of a queue this process runs at once, for queues that may not have all of <see cref="MaxConcurrency"/>.</summary>
    /// <value>Default: none. Texts of the form <c>queue=number</c>, e.g. <c>reports=2</c>, with numbers from 1 to 1,000,000. For a limit over all processes give the jobs a concurrency key.</value>
    public IList<string> QueueConcurrency { get; set; } = [];

    /// <summary>Gets or sets how many jobs of a queue may start in any span of time, on all processes with this setting together.</summary>
    /// <value>
    /// Default: none. Texts of the form <c>queue=number/time</c>, e.g. <c>mail=100/00:01:00</c>, with numbers from 1 to 1,000,000 and times from 10 milliseconds to 31 days.
    /// For a rate by customer or by remote system give the jobs a <see cref="JobOptions.RateKey"/>.
    /// </value>
    public IList<string> QueueRates { get; set; } = [];

    /// <summary>Gets or sets the name under which this process runs jobs: in <see cref="JobInfo.Node"/>, and for <see cref="JobPauseScope.Node"/>.</summary>
    /// <value>Default empty: the machine's name and the process's number, e.g. <c>web-1:4711</c>. At most 100 printable characters. Processes of the same name are paused together.</value>
    public string NodeName { get; set; } = "";

    /// <summary>Gets or sets how often a job is tried in all, when neither its enqueue nor its attribute says.</summary>
    /// <value>Default 10. From 1 to 1,000.</value>
    public int MaxAttempts { get; set; } = 10;

    /// <summary>Gets or sets the wait before the second attempt; it doubles with each further one, and each wait is drawn at random from its upper half.</summary>
    /// <value>Default 5 seconds. From 1 millisecond to 1 day.</value>
    public TimeSpan RetryDelay { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Gets or sets the longest wait between two attempts.</summary>
    /// <value>Default 1 hour. From 1 millisecond to 30 days.</value>
    public TimeSpan MaxRetryDelay { get; set; } = TimeSpan.FromHours(1);

    /// <summary>Gets or sets how often the process may die in a job before the job counts as failed.</summary>
    /// <value>Default 3, as Sidekiq has it. From 1 to 100.</value>
    public int MaxCrashes { get; set; } = 3;

    /// <summary>Gets or sets how long jobs that are over are kept.</summary>
    /// <value>Default 7 days. From 1 minute to 3,650 days.</value>
    public TimeSpan Retention { get; set; } = TimeSpan.FromDays(7);

    /// <summary>Gets or sets how large the arguments, and the result, of a job may be as JSON, in bytes.</summary>
    /// <value>Default 262,144. From 1,024 to 16,777,216.</value>
    public int MaxArgumentBytes { get; set; } = 262_144;

    /// <summary>Gets or sets how arguments and results are written and read. Set it in code; with a source-generated context as its resolver nothing is found by reflection.</summary>
    /// <value>Default <see cref="JsonSerializerOptions.Web"/>.</value>
    public JsonSerializerOptions Json { get; set; } = JsonSerializerOptions.Web;
}
