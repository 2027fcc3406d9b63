namespace Runtime.Hosting.Jobs;

/// <summary>Batches.</summary>
internal sealed partial class JobClient
{
    public async ValueTask<JobBatchHandle> EnqueueBatchAsync(JobBatch batch, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(batch);
        if (batch.Count is 0 or > JobRules.MostJobsAtOnce)
        {
            throw new ArgumentException($"The batch has {batch.Count} jobs; it must be from 1 to {JobRules.MostJobsAtOnce}. Make several of them.", nameof(batch));
        }

        var end = (batch.End is { } make ? make(this) : Marker(batch.ShardOfAll)) with { Members = batch.Count };
        List<NewJob> jobs = [end, .. batch.Members.Select(member => member(this) with { Batch = end.Id })];
        var receipts = await StoreAsync(jobs, null, cancellationToken);
        return new JobBatchHandle(this, new JobHandle(this, receipts[0].Id, end.Name, isDuplicate: false));
    }

    public async ValueTask<JobBatchHandle?> FindBatchAsync(Guid id, CancellationToken cancellationToken = default) =>
        await store.GetAsync(id, cancellationToken) is { Members: > 0 } job ? new JobBatchHandle(this, new JobHandle(this, id, job.Name, isDuplicate: false)) : null;

    public async ValueTask<JobBatchStatus?> GetBatchAsync(Guid id, CancellationToken cancellationToken)
    {
        if (await store.GetAsync(id, cancellationToken) is not { } job)
        {
            return null;
        }

        var states = await store.CountAsync(new JobFilter { Batch = id }, cancellationToken);
        var left = states.Where(static pair => pair.Key is not (JobState.Succeeded or JobState.Failed or JobState.Cancelled)).Sum(static pair => pair.Value);
        return new JobBatchStatus(job.Members, (int)left, states, job.State);
    }

    public async ValueTask<int> CancelBatchAsync(Guid id, string? reason, CancellationToken cancellationToken)
    {
        // The end first: it would be queued by the last of its members.
        var cancelled = await store.CancelAsync(id, Short(reason), cancellationToken) is JobCancellation.Cancelled or JobCancellation.Requested ? 1 : 0;
        return cancelled + (int)await store.CancelAsync(new JobFilter { Batch = id }, Short(reason), cancellationToken);
    }

    private NewJob Marker(string? shardBy) => new()
    {
        Id = store.NewId(clock.GetUtcNow(), shardBy, null), ShardBy = shardBy, Name = JobRules.BatchName, Queue = JobRules.DefaultQueue, Arguments = "{}"u8.ToArray(), MaxAttempts = 1,
    };
}
