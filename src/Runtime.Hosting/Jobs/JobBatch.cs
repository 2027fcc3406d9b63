using Runtime.Hosting.Jobs;

namespace Runtime.Hosting;

/// <summary>Jobs that are stored together and have one handle: all of them or none, and something to run when they are over.</summary>
/// <remarks>For one caller at a time. Nothing is stored before <see cref="IJobClient.EnqueueBatchAsync"/>.</remarks>
public sealed class JobBatch
{
    private readonly List<Func<JobClient, NewJob>> _members = [];
    private string? _shardOfJobs;

    /// <summary>Gets what all of its jobs belong to; see <see cref="JobOptions.ShardBy"/>.</summary>
    /// <value>Default <see langword="null"/>: what the first of its jobs that names one belongs to.</value>
    public string? ShardBy { get; init; }

    /// <summary>Gets how many jobs there are.</summary>
    public int Count => _members.Count;

    /// <summary>Gets what makes the job at the end; <see langword="null"/>: nothing runs then.</summary>
    internal Func<JobClient, NewJob>? End { get; private set; }

    internal IReadOnlyList<Func<JobClient, NewJob>> Members => _members;

    internal string? ShardOfAll => ShardBy ?? _shardOfJobs;

    /// <summary>Adds a job.</summary>
    /// <typeparam name="TJob">Its kind.</typeparam>
    /// <typeparam name="TArgs">Its arguments.</typeparam>
    /// <param name="args">The arguments; stored as JSON.</param>
    /// <param name="options">How it is stored and run. A unique key is not possible: a job that is not stored could not be waited for.</param>
    /// <returns>This batch.</returns>
    /// <exception cref="ArgumentException">The options have a unique key, or another <see cref="JobOptions.ShardBy"/> than the batch.</exception>
    public JobBatch Add<TJob, TArgs>(TArgs args, JobOptions? options = null)
        where TJob : IJob<TArgs>
    {
        if (options?.UniqueKey is { } key)
        {
            throw new ArgumentException($"UniqueKey is {JobRules.Shown(key)}; a job of a batch has none. Enqueue it alone.", nameof(options));
        }

        CheckShard(options);
        _members.Add(client => client.Make<TJob, TArgs>(args, InShard(options)));
        return this;
    }

    /// <summary>Says what runs once when all jobs are over, however they ended.</summary>
    /// <typeparam name="TJob">Its kind.</typeparam>
    /// <typeparam name="TArgs">Its arguments.</typeparam>
    /// <param name="args">The arguments; stored as JSON.</param>
    /// <param name="options">How it is stored and run; without a unique key and without <see cref="JobOptions.After"/>.</param>
    /// <returns>This batch.</returns>
    /// <exception cref="ArgumentException">The options have a unique key, a job to wait for, or another <see cref="JobOptions.ShardBy"/> than the batch.</exception>
    /// <exception cref="InvalidOperationException">It was said before.</exception>
    public JobBatch AtEnd<TJob, TArgs>(TArgs args, JobOptions? options = null)
        where TJob : IJob<TArgs>
    {
        if (options is { UniqueKey: not null } or { After: not null })
        {
            throw new ArgumentException("The job at the end of a batch waits for the batch; it has no UniqueKey and no After. Leave them out.", nameof(options));
        }

        if (End is not null)
        {
            throw new InvalidOperationException("The batch has a job at its end already. Let other jobs run after that one: JobOptions.After.");
        }

        CheckShard(options);
        End = client => client.Make<TJob, TArgs>(args, InShard(options));
        return this;
    }

    // A batch is counted down where its jobs are.
    private void CheckShard(JobOptions? options)
    {
        if (options?.ShardBy is not { } shard)
        {
            return;
        }

        if (ShardOfAll is { } other && other != shard)
        {
            throw new ArgumentException($"ShardBy is '{JobRules.Shown(shard)}', and '{JobRules.Shown(other)}' for the batch; all of its jobs have the same. Leave it out, or make a batch for each.", nameof(options));
        }

        _shardOfJobs = shard;
    }

    private JobOptions? InShard(JobOptions? options) => ShardOfAll is { } shard && options?.ShardBy is null ? (options ?? JobOptions.Default) with { ShardBy = shard } : options;
}
