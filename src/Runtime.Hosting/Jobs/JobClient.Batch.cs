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

        var end = (batch.End is { } make ? make(this) : Marker()) with { Members = batch.Count };
        List<NewJob> jobs = [end, .. batch.Members.Select(member => member(this) with { Batch = end.Id })];
        await StoreAsync(jobs, null, cancellationToken);
        return new JobBatchHandle(this, new JobHandle(this, end.Id, end.Name, isDuplicate: false));
    }

    public async ValueTask<JobBatchHandle?> FindBatchAsync(Guid id, CancellationToken cancellationToken = default) =>
        await store.GetAsync(id, cancellationToken) is { Members: > 0 } job ? new JobBatchHandle(this, new JobHandle(this, id, job.Name, isDuplicate: false)) : null;

    public async ValueTask<JobBatchStatus?> GetBatchAsync(Guid id, CancellationToken cancellationToken)
    {
        if (await store.GetAsync(id, cancellationToken) is not { } job)
        {
            return null;
        }

        return new JobBatchStatus(job.Members, Math.Max(0, job.MembersLeft), await store.CountAsync(new JobFilter { Batch = id }, cancellationToken), job.State);
    }

    public async ValueTask<int> CancelBatchAsync(Guid id, string? reason, CancellationToken cancellationToken)
    {
        // The end first: it would be queued by the last of its members.
        var cancelled = await store.CancelAsync(id, Short(reason), cancellationToken) is JobCancellation.Cancelled or JobCancellation.Requested ? 1 : 0;
        var filter = new JobFilter { Batch = id, PageSize = JobRules.LargestPage, States = [JobState.Scheduled, JobState.Queued, JobState.Blocked, JobState.Waiting, JobState.Running, JobState.Parked] };
        for (JobPage? page = await store.ListAsync(filter, cancellationToken); ; page = await store.ListAsync(filter with { From = page.Next }, cancellationToken))
        {
            foreach (var job in page.Jobs)
            {
                cancelled += await store.CancelAsync(job.Id, Short(reason), cancellationToken) is JobCancellation.Cancelled or JobCancellation.Requested ? 1 : 0;
            }

            if (page.Next is null)
            {
                return cancelled;
            }
        }
    }

    private NewJob Marker() => new()
    {
        Id = Guid.CreateVersion7(clock.GetUtcNow()), Name = JobRules.BatchName, Queue = JobRules.DefaultQueue, Arguments = "{}"u8.ToArray(), MaxAttempts = 1,
    };
}
