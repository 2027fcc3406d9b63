using System.Collections.ObjectModel;

namespace Runtime.Hosting.Jobs;

/// <summary>What is asked of single jobs, and of all.</summary>
public sealed partial class CellJobStore
{
    /// <inheritdoc/>
    public ValueTask<JobInfo?> GetAsync(Guid id, CancellationToken cancellationToken) =>
        FirstAsync(id, store => store.GetAsync(id, cancellationToken), static job => job is not null, null);

    /// <inheritdoc/>
    public async ValueTask WatchAsync(Guid id, CancellationToken cancellationToken)
    {
        // An id that does not say where the job is: it is there or there, and to watch for what is not there does no harm.
        IEnumerable<JobCell> cells = Named(id) is { } named ? [named] : _cells;
        await AllAsync(cells, "watch for the end of a job", async store =>
        {
            await store.WatchAsync(id, cancellationToken);
            return true;
        });
    }

    /// <inheritdoc/>
    public ValueTask<JobCancellation> CancelAsync(Guid id, string? reason, CancellationToken cancellationToken) =>
        FirstAsync(id, store => store.CancelAsync(id, reason, cancellationToken), static came => came != JobCancellation.NotFound, JobCancellation.NotFound);

    /// <inheritdoc/>
    /// <remarks>The pages of the cells are put together by when jobs were stored.</remarks>
    public async ValueTask<JobPage> ListAsync(JobFilter filter, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(filter);
        var places = CellCursor.Read(filter.From, _cells.Length);
        var meant = CellsOf(filter);
        List<int> asked = [.. Enumerable.Range(0, _cells.Length).Where(i => !CellCursor.IsEnd(places[i]) && meant.Contains(_cells[i]))];
        foreach (var i in Enumerable.Range(0, _cells.Length).Except(asked))
        {
            places[i] = CellCursor.End;
        }

        var pages = await AllAsync(asked.Select(i => _cells[i]), "list jobs", (store, i) => store.ListAsync(filter with { From = CellCursor.InCell(places[asked[i]]) }, cancellationToken));
        var (taken, counts) = Merge(pages, filter.PageSize);
        var isMore = false;
        for (var i = 0; i < asked.Count; i++)
        {
            var (jobs, count) = (pages[i].Jobs, counts[i]);
            var isAtEnd = count == jobs.Count && pages[i].Next is null;
            places[asked[i]] = isAtEnd ? CellCursor.End : count > 0 ? CellCursor.After(jobs[count - 1].Row) : places[asked[i]];
            isMore |= !isAtEnd;
        }

        return new JobPage(taken, isMore ? CellCursor.Write(places) : null);
    }

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyDictionary<JobState, long>> CountAsync(JobFilter filter, CancellationToken cancellationToken)
    {
        var counts = await AllAsync(CellsOf(filter), "count jobs", store => store.CountAsync(filter, cancellationToken));
        return new ReadOnlyDictionary<JobState, long>(
            counts.SelectMany(static some => some).GroupBy(static pair => pair.Key).ToDictionary(static same => same.Key, static same => same.Sum(static pair => pair.Value)));
    }

    /// <inheritdoc/>
    public async ValueTask<long> CancelAsync(JobFilter filter, string? reason, CancellationToken cancellationToken) =>
        (await AllAsync(CellsOf(filter), "cancel jobs", store => store.CancelAsync(filter, reason, cancellationToken))).Sum();

    /// <inheritdoc/>
    public async ValueTask<long> RetryAsync(JobFilter filter, CancellationToken cancellationToken) =>
        (await AllAsync(CellsOf(filter), "retry jobs", store => store.RetryAsync(filter, cancellationToken))).Sum();

    /// <inheritdoc/>
    public async ValueTask<long> DiscardAsync(JobFilter filter, CancellationToken cancellationToken) =>
        (await AllAsync(CellsOf(filter), "discard jobs", store => store.DiscardAsync(filter, cancellationToken))).Sum();

    // The newest of the first ones of all pages, again and again: each page keeps its own order, which is not quite that of the times, so that the rest of it begins after what was taken.
    private static (List<JobInfo> Jobs, int[] Counts) Merge(JobPage[] pages, int atMost)
    {
        var jobs = new List<JobInfo>();
        var counts = new int[pages.Length];
        while (jobs.Count < atMost)
        {
            var newest = -1;
            for (var i = 0; i < pages.Length; i++)
            {
                if (counts[i] < pages[i].Jobs.Count && (newest < 0 || pages[i].Jobs[counts[i]].EnqueuedAt > pages[newest].Jobs[counts[newest]].EnqueuedAt))
                {
                    newest = i;
                }
            }

            if (newest < 0)
            {
                break;
            }

            jobs.Add(pages[newest].Jobs[counts[newest]++]);
        }

        return (jobs, counts);
    }

    // Those that the filter can mean: jobs are where their ids say, and the members of a batch where it is.
    private JobCell[] CellsOf(JobFilter filter)
    {
        List<JobCell?> cells = filter.Batch is { } batch ? [Named(batch)] : [.. filter.Ids.Select(Named)];
        return cells.Count == 0 || cells.Contains(null) ? _cells : [.. cells.OfType<JobCell>().Distinct()];
    }

    // The cell that an id names.
    private JobCell? Named(Guid id) => CellIds.TryGetCell(id, out var number) ? CellOf(number) : null;

    // Where a job is; the likely cell is looked at first, and nothing else when the id names the same.
    private async ValueTask<JobCell?> FindAsync(Guid id, JobCell? likely, CancellationToken cancellationToken)
    {
        var named = Named(id);
        if (named is not null && named == likely)
        {
            return named;
        }

        var filter = new JobFilter { Ids = [id], PageSize = 1 };
        JobCell? found = null;
        await FirstAsync(
            id,
            async (store, cell) =>
            {
                var isThere = (await store.ListAsync(filter, cancellationToken)).Jobs.Count > 0;
                found = isThere ? cell : found;
                return isThere;
            },
            static isThere => isThere,
            false);
        return found ?? named;
    }

    private ValueTask<T> FirstAsync<T>(Guid id, Func<IJobStore, ValueTask<T>> call, Predicate<T> isThere, T nothing) => FirstAsync(id, (store, _) => call(store), isThere, nothing);

    // The cell that the id names, and where that does not have it the others: an id of before there were cells names any. A cell that is away keeps nobody from being told that a job is not where its id says.
    private async ValueTask<T> FirstAsync<T>(Guid id, Func<IJobStore, JobCell, ValueTask<T>> call, Predicate<T> isThere, T nothing)
    {
        var named = Named(id);
        if (named is not null && await Call(named, store => call(store, named)) is var answer && isThere(answer))
        {
            return answer;
        }

        JobStoreException? away = null;
        foreach (var cell in _cells.Where(cell => cell != named))
        {
            try
            {
                if (await Call(cell, store => call(store, cell)) is var other && isThere(other))
                {
                    return other;
                }
            }
            catch (JobStoreException exception) when (exception.IsTransient)
            {
                away = exception;
            }
        }

        return away is null || named is not null ? nothing : throw away;
    }

    private static Task<T[]> AllAsync<T>(IEnumerable<JobCell> cells, string what, Func<IJobStore, ValueTask<T>> call) => AllAsync(cells, what, (store, _) => call(store));

    // All at the same time. What some could not do is said when the others have done it.
    private static async Task<T[]> AllAsync<T>(IEnumerable<JobCell> cells, string what, Func<IJobStore, int, ValueTask<T>> call)
    {
        var calls = cells.Select((cell, i) => Call(cell, store => call(store, i)).AsTask()).ToList();
        try
        {
            return await Task.WhenAll(calls);
        }
        catch (JobStoreException exception) when (calls.Count > 1)
        {
            var failed = calls.Where(static one => one.IsFaulted).Select(static one => one.Exception!.InnerException!.Message).ToList();
            throw new JobStoreException(
                $"{failed.Count} of {calls.Count} cells could not {what}; the others have. Repeat the call when they answer. {string.Join(" ", failed)}", exception.InnerException, exception.IsTransient);
        }
    }
}
