using System.Data.Common;
using System.Globalization;

namespace Runtime.Hosting.Jobs;

/// <summary>Spreads jobs over several stores, its cells, by <see cref="JobOptions.ShardBy"/>. See the README of this folder.</summary>
/// <remarks>
/// Thread safe. Each job is in one cell for life, and all that is decided about it is decided there. The engine serves each cell by itself (<see cref="Cells"/>); what is asked and changed from outside comes here.
/// A call that concerns one job needs its cell only; one that concerns many needs all, and says which cell did not do its part.
/// </remarks>
public sealed partial class CellJobStore : IJobStore
{
    // A lease that is handed out here has the cell above the number.
    private const int CellShift = 56;

    // Under which an exception says the number of its cell.
    private const string CellKey = "cell";

    private readonly JobCell[] _cells;
    private readonly CellMap _map;
    private int _turn;

    /// <summary>Makes a store of several.</summary>
    /// <param name="stores">The cells, 1 to 256, not yet open; the place in the list is the number, which ids carry, so it never changes. <see langword="null"/>: a cell of that number is no longer there.</param>
    /// <param name="closed">The numbers of cells that new jobs no longer, or not yet, go to.</param>
    /// <param name="place">Names the cell of a <see cref="JobOptions.ShardBy"/>, always the same; <see langword="null"/>, or its answer: by hash.</param>
    /// <exception cref="ArgumentException">There are no cells, too many, none that takes new jobs, or a number that is not among them.</exception>
    public CellJobStore(IReadOnlyList<IJobStore?> stores, IReadOnlyCollection<int>? closed = null, Func<string, int?>? place = null)
    {
        ArgumentNullException.ThrowIfNull(stores);
        if (stores.Count is 0 or > CellIds.MostCells)
        {
            throw new ArgumentException($"{nameof(stores)} has {stores.Count} cells; it must be from 1 to {CellIds.MostCells}.", nameof(stores));
        }

        foreach (var number in closed ?? [])
        {
            if (number < 0 || number >= stores.Count || stores[number] is null)
            {
                throw new ArgumentException($"{nameof(closed)} names cell {number}, which is not among the cells. Name numbers from 0 to {stores.Count - 1}, in the order of the list.", nameof(closed));
            }
        }

        _cells = [.. stores.Index().Where(static one => one.Item is not null).Select(one => new JobCell(this, one.Index, one.Item!, closed?.Contains(one.Index) != true))];
        if (!_cells.Any(static cell => cell.TakesNewJobs))
        {
            throw new ArgumentException("No cell takes new jobs; one must. Leave one out of those that are closed.", nameof(closed));
        }

        _map = new(_cells.Where(static cell => cell.TakesNewJobs).Select(static cell => cell.Number), place);
    }

    /// <inheritdoc/>
    public string Kind => _cells[0].Store.Kind;

    /// <inheritdoc/>
    public bool IsDurable => Array.TrueForAll(_cells, static cell => cell.Store.IsDurable);

    /// <inheritdoc/>
    public IReadOnlyList<JobCell> Cells => _cells;

    private JobCell Home => CellOf(_map.Home)!;

    /// <inheritdoc/>
    public Guid NewId(DateTimeOffset now, string? shardBy, Guid? beside) =>
        CellIds.New(now, shardBy is null && beside is { } other && CellIds.TryGetCell(other, out var cell) && CellOf(cell) is not null ? cell : _map.Of(shardBy));

    /// <inheritdoc/>
    public async ValueTask OpenAsync(JobNode node, IJobStoreListener listener, CancellationToken cancellationToken)
    {
        foreach (var cell in _cells)
        {
            await cell.OpenAsync(node, listener, cancellationToken);
        }
    }

    /// <inheritdoc/>
    /// <remarks>Where a job goes to another cell than its id says, since what it waits for is there, it gets an id that says so; the receipt has it.</remarks>
    /// <exception cref="ArgumentException">The jobs belong to several cells.</exception>
    public async ValueTask<IReadOnlyList<JobReceipt>> EnqueueAsync(IReadOnlyList<NewJob> jobs, DbTransaction? transaction, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(jobs);
        if (jobs.Count == 0)
        {
            return [];
        }

        var cell = await CellOfAsync(jobs, cancellationToken);
        var stored = Renamed(jobs, cell);
        try
        {
            return await Call(cell, store => store.EnqueueAsync(stored, transaction, cancellationToken));
        }
        catch (NotSupportedException exception) when (transaction is not null)
        {
            throw new NotSupportedException($"The job belongs to cell {cell.Number} by its ShardBy '{JobRules.Shown(jobs[0].ShardBy)}'. {exception.Message}", exception);
        }
    }

    /// <inheritdoc/>
    /// <remarks>The cells in turn. The engine does not call it, but claims from each cell at the same time.</remarks>
    public async ValueTask<JobClaims> ClaimAsync(JobClaimRequest request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        var first = (uint)Interlocked.Increment(ref _turn);
        var all = new JobClaims([], null, false, false);
        for (var i = 0; i < _cells.Length && (all.Jobs.Count < request.Room || i == 0); i++)
        {
            var cell = _cells[(first + i) % (uint)_cells.Length];
            var rest = request with
            {
                Room = request.Room - all.Jobs.Count,
                RoomOfQueue = request.RoomOfQueue.ToDictionary(static queue => queue.Key, queue => Math.Max(0, queue.Value - all.Jobs.Count(job => job.Job.Queue == queue.Key)), StringComparer.Ordinal),
            };
            var some = await Call(cell, store => store.ClaimAsync(rest, cancellationToken));
            all = new(
                [.. all.Jobs, .. some.Jobs.Select(job => job with { Lease = job.Lease with { Number = job.Lease.Number | ((long)cell.Number << CellShift) } })],
                all.NextDue is null || some.NextDue < all.NextDue ? some.NextDue ?? all.NextDue : all.NextDue,
                all.MayHaveMore || some.MayHaveMore || (i + 1 < _cells.Length && all.Jobs.Count + some.Jobs.Count >= request.Room),
                all.SuspectWaits || some.SuspectWaits);
        }

        return all;
    }

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<bool>> EndAsync(IReadOnlyList<JobEnding> endings, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(endings);
        var written = new bool[endings.Count];
        foreach (var some in endings.Index().GroupBy(static one => CellOf(one.Item.Lease)))
        {
            List<JobEnding> own = [.. some.Select(static one => one.Item with { Lease = WithoutCell(one.Item.Lease) })];
            var results = await Call(Required(some.Key), store => store.EndAsync(own, cancellationToken));
            foreach (var (index, one) in some.Index())
            {
                written[one.Index] = results[index];
            }
        }

        return written;
    }

    /// <inheritdoc/>
    public async ValueTask ReportAsync(IReadOnlyList<JobReport> reports, CancellationToken cancellationToken)
    {
        foreach (var some in reports.GroupBy(static report => CellOf(report.Lease)))
        {
            List<JobReport> own = [.. some.Select(static report => report with { Lease = WithoutCell(report.Lease) })];
            await Call(Required(some.Key), async store =>
            {
                await store.ReportAsync(own, cancellationToken);
                return true;
            });
        }
    }

    /// <inheritdoc/>
    public async ValueTask<int> PurgeAsync(TimeSpan retention, int atMost, CancellationToken cancellationToken)
    {
        var purged = 0;
        foreach (var cell in _cells)
        {
            purged += purged < atMost ? await Call(cell, store => store.PurgeAsync(retention, atMost - purged, cancellationToken)) : 0;
        }

        return purged;
    }

    /// <inheritdoc/>
    /// <remarks>That of the first cell that answers; clocks of servers do not differ by more than a recurring job may be late.</remarks>
    public async ValueTask<DateTimeOffset> GetTimeAsync(CancellationToken cancellationToken)
    {
        JobStoreException? away = null;
        foreach (var cell in _cells)
        {
            try
            {
                return await Call(cell, store => store.GetTimeAsync(cancellationToken));
            }
            catch (JobStoreException exception)
            {
                away ??= exception;
            }
        }

        throw away!;
    }

    /// <inheritdoc/>
    /// <remarks>All at the same time: one that hangs keeps no other one from saying goodbye.</remarks>
    public async ValueTask DisposeAsync() => await Task.WhenAll(_cells.Select(static cell => cell.Store.DisposeAsync().AsTask()));

    /// <summary>Gets the cell in which a recurring job is to be.</summary>
    internal JobCell CellOf(JobSchedule schedule) => CellOf(_map.Of(schedule.Template.ShardBy))!;

    private static int CellOf(JobLease lease) => (int)(lease.Number >>> CellShift);

    private static JobLease WithoutCell(JobLease lease) => lease with { Number = lease.Number & ((1L << CellShift) - 1) };

    private JobCell? CellOf(int number) => Array.Find(_cells, cell => cell.Number == number);

    private JobCell Required(int number) => CellOf(number) ?? throw new ArgumentException($"There is no cell {number}.", nameof(number));

    // What waits for another one, and what belongs to a batch, is where that is; everything else is where its ShardBy says. All of a call in one cell: it is one transaction.
    private async ValueTask<JobCell> CellOfAsync(IReadOnlyList<NewJob> jobs, CancellationToken cancellationToken)
    {
        JobCell? cell = null;
        NewJob? decided = null;
        HashSet<Guid>? own = null;
        foreach (var job in jobs)
        {
            if (job is { ShardBy: null, After: null, Members: > 0 })
            {
                continue; // a batch goes where its jobs go
            }

            var wanted = (job.ShardBy is null ? Home : Named(job.Id)) ?? CellOf(_map.Of(job.ShardBy))!; // an id was made for its value: to ask again might give another answer
            if ((job.After ?? job.Batch) is { } other)
            {
                own ??= [.. jobs.Select(static one => one.Id)];
                if (own.Contains(other))
                {
                    continue; // beside it in any case
                }

                var there = await FindAsync(other, job.ShardBy is null ? null : wanted, cancellationToken);
                if (there is not null && job.ShardBy is not null && there != wanted)
                {
                    throw new ArgumentException(
                        $"ShardBy is '{JobRules.Shown(job.ShardBy)}', which belongs to cell {wanted.Number}; the job {other} that this one belongs to or waits for is in cell {there.Number}. Give both the same ShardBy, or this one none.", nameof(jobs));
                }

                wanted = there ?? wanted;
            }

            if (cell is not null && wanted != cell)
            {
                throw new ArgumentException(
                    string.Create(CultureInfo.InvariantCulture, $"The jobs of a call are stored together, so in one cell; by its ShardBy or the job that it waits for {decided!.Id} belongs to cell {cell.Number}, {job.Id} to cell {wanted.Number}. Give all the same ShardBy, or store them in several calls."),
                    nameof(jobs));
            }

            (cell, decided) = (wanted, job);
        }

        return cell ?? CellOf(_map.Of(jobs[0].ShardBy))!;
    }

    // Ids that name another cell than that which the jobs go to name that one instead; those of somebody else's making stay.
    private static IReadOnlyList<NewJob> Renamed(IReadOnlyList<NewJob> jobs, JobCell cell)
    {
        if (!jobs.Any(job => IsOfAnother(job.Id)))
        {
            return jobs;
        }

        var own = jobs.Select(static job => job.Id).ToHashSet();
        return [.. jobs.Select(job => job with { Id = NameOf(job.Id), After = job.After is { } after && own.Contains(after) ? NameOf(after) : job.After, Batch = job.Batch is { } batch && own.Contains(batch) ? NameOf(batch) : job.Batch })];

        bool IsOfAnother(Guid id) => CellIds.TryGetCell(id, out var named) && named != cell.Number;

        Guid NameOf(Guid id) => IsOfAnother(id) ? CellIds.In(id, cell.Number) : id;
    }

    // What a cell's store says, with the cell's number.
    private static async ValueTask<T> Call<T>(JobCell cell, Func<IJobStore, ValueTask<T>> call)
    {
        if (!cell.IsTried)
        {
            throw new JobStoreException("The job store is not open: the host has not started yet.", isTransient: false);
        }

        if (!cell.IsReachable)
        {
            throw new JobStoreException($"Cell {cell.Number} of the jobs has not been reached since the start; it is tried in the background. The log and /health have what it says.");
        }

        try
        {
            return await call(cell.Store);
        }
        catch (JobStoreException exception)
        {
            throw new JobStoreException($"Cell {cell.Number}: {exception.Message}", exception.InnerException ?? exception, exception.IsTransient) { Data = { [CellKey] = cell.Number } };
        }
    }
}
