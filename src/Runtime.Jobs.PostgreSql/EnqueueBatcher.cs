using Npgsql;
using Runtime.Hosting;
using Runtime.Hosting.Jobs;

namespace Runtime.Jobs.PostgreSql;

/// <summary>Stores jobs of callers that come together by one statement and one commit.</summary>
/// <remarks>
/// <para>Thread safe. While a few batches are on their way to the server the next one collects, so the batches grow with the load and a single caller never waits for others: the method of group commit,
/// with the round trip in the place of the sync.</para>
/// <para>When a batch fails each call is tried alone, so that a failure is its caller's only; unless the reason is common to all. The infallible part: each call is answered.</para>
/// </remarks>
internal sealed class EnqueueBatcher(Func<IReadOnlyList<NewJob>, CancellationToken, Task> insert)
{
    // Two keep the server busy while the answers of one are read; more would only make smaller batches.
    private const int MostUnderWay = 2;

    // More would hold the first callers of a batch up for longer than a commit takes.
    private const int MostJobsAtOnce = 1000;

    private readonly Lock _lock = new();
    private readonly Queue<Call> _calls = new();
    private int _underWay;

    public async Task<IReadOnlyList<JobReceipt>> AddAsync(IReadOnlyList<NewJob> jobs, CancellationToken cancellationToken)
    {
        var call = new Call(jobs);
        List<Call>? batch = null;
        lock (_lock)
        {
            _calls.Enqueue(call);
            if (_underWay < MostUnderWay)
            {
                _underWay++;
                batch = Take();
            }
        }

        if (batch is not null)
        {
            _ = SendAsync(batch);
        }

        await call.Done.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
        return [.. jobs.Select(static job => new JobReceipt(job.Id, IsDuplicate: false))];
    }

    private async Task SendAsync(List<Call> batch)
    {
        for (List<Call>? next = batch; next is not null;)
        {
            await InsertAsync(next).ConfigureAwait(false);
            lock (_lock)
            {
                next = _calls.Count > 0 ? Take() : null;
                if (next is null)
                {
                    _underWay--;
                }
            }
        }
    }

    // Under the lock.
    private List<Call> Take()
    {
        var batch = new List<Call>();
        for (var jobs = 0; _calls.TryPeek(out var call) && (batch.Count == 0 || jobs + call.Jobs.Count <= MostJobsAtOnce); jobs += call.Jobs.Count)
        {
            batch.Add(_calls.Dequeue());
        }

        return batch;
    }

    private async Task InsertAsync(List<Call> batch)
    {
        try
        {
            await insert(batch.Count == 1 ? batch[0].Jobs : [.. batch.SelectMany(static call => call.Jobs)], CancellationToken.None).ConfigureAwait(false);
        }
        catch (JobStoreException exception) when (batch.Count > 1 && !IsCommonToAll(exception))
        {
            foreach (var call in batch)
            {
                await InsertAsync([call]).ConfigureAwait(false);
            }

            return;
        }
        catch (Exception exception)
        {
            foreach (var call in batch)
            {
                call.Done.TrySetException(exception);
            }

            return;
        }

        foreach (var call in batch)
        {
            call.Done.TrySetResult();
        }
    }

    // The server is away, or in no state to take anything: one by one would take as long again for each.
    private static bool IsCommonToAll(JobStoreException exception) => exception.InnerException is (not PostgresException) or PostgresException { IsTransient: true };

    private sealed class Call(IReadOnlyList<NewJob> jobs)
    {
        public IReadOnlyList<NewJob> Jobs { get; } = jobs;

        public TaskCompletionSource Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
