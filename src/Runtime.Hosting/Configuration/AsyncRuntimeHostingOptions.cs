using Runtime.Core;

namespace Runtime.Hosting;

/// <summary>The configuration section <c>AsyncRuntime</c>: the runtime's own settings and those of its queues and metrics.</summary>
public sealed class AsyncRuntimeHostingOptions : AsyncRuntimeOptions
{
    /// <summary>The name of the configuration section.</summary>
    public const string SectionName = "AsyncRuntime";

    /// <summary>Gets or sets the settings of the default queue.</summary>
    public BackgroundQueueOptions Queue { get; set; } = new();

    /// <summary>Gets the settings of the named queues, by name.</summary>
    public IDictionary<string, BackgroundQueueOptions> Queues { get; } = new Dictionary<string, BackgroundQueueOptions>(StringComparer.Ordinal);

    /// <summary>Gets or sets the settings of durable jobs.</summary>
    public JobsOptions Jobs { get; set; } = new();

    /// <summary>Gets or sets what <c>/metrics</c> shows.</summary>
    public MetricsOptions Metrics { get; set; } = new();

    /// <summary>Gets or sets where <c>AddAsyncRuntimeEndpoints</c> listens.</summary>
    public EndpointsOptions Endpoints { get; set; } = new();
}

/// <summary>Settings of one background queue.</summary>
public sealed class BackgroundQueueOptions
{
    /// <summary>Gets or sets how many items may be queued and not started.</summary>
    /// <value>Default 10,000. From 1 to 10,000,000.</value>
    public int Capacity { get; set; } = 10_000;

    /// <summary>Gets or sets how many started items may be unfinished at once; an item that awaits counts, though it holds no thread.</summary>
    /// <value>Default 0: sixteen for each worker thread, at least 64. From 0 to 1,000,000.</value>
    public int MaxConcurrency { get; set; }

    /// <summary>Gets or sets what happens to an item when the queue is full.</summary>
    /// <value>Default <see cref="QueueFullMode.Wait"/>.</value>
    public QueueFullMode FullMode { get; set; }

    /// <summary>Gets or sets what happens to an item whose deadline cannot be met, given what is queued.</summary>
    /// <value>Default <see cref="QueueAdmission.Admit"/>.</value>
    /// <remarks>With <see cref="QueueAdmission.RejectIfLate"/> each enqueue with a deadline takes the queue's lock and O(log n) steps. Until 32 items have ended everything is admitted.</remarks>
    public QueueAdmission Admission { get; set; }

    /// <summary>Gets or sets how many turns the items of a <see cref="EnqueueOptions.ShareKey"/> get for one of a key that is not named: texts of the form <c>key=weight</c>.</summary>
    /// <value>Default: none, so every key has the weight 1. Weights from 1 to 1,000; of a key that is named twice the last counts.</value>
    public IList<string> ShareWeights { get; set; } = [];

    /// <summary>Gets or sets how many finished items <see cref="IWorkTracker"/> remembers.</summary>
    /// <value>Default 10,000. From 0 to 10,000,000.</value>
    public int HistorySize { get; set; } = 10_000;

    /// <summary>Gets or sets whether the scope of a finished item is disposed of later, by the runtime's cleanup, instead of before the item ends.</summary>
    /// <value>
    /// Default <see langword="false"/>. For services whose disposal is slow: the item has then succeeded before its services are disposed of, its place goes to the next one at once, and an
    /// exception of a disposal is reported and does not fail the item.
    /// </value>
    public bool DeferScopeDisposal { get; set; }
}

/// <summary>Settings of the <c>/metrics</c> endpoint.</summary>
public sealed class MetricsOptions
{
    /// <summary>Gets or sets the meters whose instruments are shown. A name may end in <c>*</c>.</summary>
    /// <value>Default, when none is named: <c>AsyncRuntime</c>, <c>System.Runtime</c>, <c>Microsoft.AspNetCore.Hosting</c>.</value>
    public IList<string> Meters { get; set; } = [];
}
