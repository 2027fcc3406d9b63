namespace Runtime.Hosting.Jobs;

/// <summary>Pauses, which are in all cells, and recurring jobs, each of which is in one.</summary>
public sealed partial class CellJobStore
{
    /// <inheritdoc/>
    /// <remarks>The first cell is the one that counts; what another one missed it gets when it is opened again.</remarks>
    public async ValueTask PauseAsync(JobPause pause, CancellationToken cancellationToken)
    {
        await PauseAsync(Home, pause, cancellationToken);
        await AllAsync(Others, "pause", store => PauseAsync(store, pause, cancellationToken));
    }

    /// <inheritdoc/>
    public async ValueTask<bool> ResumeAsync(JobPauseScope scope, string key, CancellationToken cancellationToken)
    {
        var was = await Call(Home, store => store.ResumeAsync(scope, key, cancellationToken));
        var others = await AllAsync(Others, "resume", store => store.ResumeAsync(scope, key, cancellationToken));
        return was || others.Contains(true);
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<JobPause>> ListPausesAsync(CancellationToken cancellationToken) => Call(Home, store => store.ListPausesAsync(cancellationToken));

    /// <inheritdoc/>
    /// <remarks>It goes where the jobs of its <see cref="JobOptions.ShardBy"/> go. One of its name in another cell, from before that changed, is taken out of there first, so that no due time has two runs.</remarks>
    public async ValueTask PutScheduleAsync(JobSchedule schedule, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(schedule);
        var cell = CellOf(schedule);
        foreach (var other in _cells.Where(other => other != cell && other.IsOpen))
        {
            if (await TakeOutAsync(other, schedule.Name, cancellationToken) is { } old)
            {
                schedule = old.Next is null ? schedule with { Last = old.Last } : schedule.After(old); // null: a move that was cut off here
            }
        }

        await Call(cell, async store =>
        {
            await store.PutScheduleAsync(schedule, cancellationToken);
            return true;
        });
    }

    /// <inheritdoc/>
    public async ValueTask<bool> RemoveScheduleAsync(string name, CancellationToken cancellationToken) =>
        (await AllAsync(_cells, "remove the recurring job", store => store.RemoveScheduleAsync(name, cancellationToken))).Contains(true);

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<JobSchedule>> ListSchedulesAsync(CancellationToken cancellationToken) =>
        [.. (await AllAsync(_cells, "list recurring jobs", store => store.ListSchedulesAsync(cancellationToken)))
            .SelectMany(static some => some)
            .GroupBy(static schedule => schedule.Name, StringComparer.Ordinal)
            .Select(static same => same.FirstOrDefault(static one => one.Next is not null) ?? same.First())
            .OrderBy(static schedule => schedule.Name, StringComparer.Ordinal)];

    /// <inheritdoc/>
    public async ValueTask<bool> FireAsync(string name, DateTimeOffset seen, DateTimeOffset? next, IReadOnlyList<JobRun> runs, CancellationToken cancellationToken)
    {
        foreach (var cell in _cells)
        {
            if (await Call(cell, store => store.FireAsync(name, seen, next, runs, cancellationToken)))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Gives a cell that has been opened the pauses that the first one has, and takes away what it has beyond that; the first cell gives its own to all that are open.</summary>
    internal async ValueTask AlignPausesAsync(JobCell opened, CancellationToken cancellationToken)
    {
        if (!Home.IsOpen)
        {
            return;
        }

        foreach (var cell in opened == Home ? Others.Where(static cell => cell.IsOpen) : [opened])
        {
            // The other cell first: a pause goes to the first cell before it goes there, so what is found only there has been resumed.
            var there = await Call(cell, store => store.ListPausesAsync(cancellationToken));
            var home = await Call(Home, store => store.ListPausesAsync(cancellationToken));
            foreach (var pause in home.Except(there))
            {
                await PauseAsync(cell, pause, cancellationToken);
            }

            foreach (var pause in there.Where(pause => !home.Any(one => one.Scope == pause.Scope && one.Key == pause.Key)))
            {
                await Call(cell, store => store.ResumeAsync(pause.Scope, pause.Key, cancellationToken));
            }
        }
    }

    private IEnumerable<JobCell> Others => _cells.Where(cell => cell != Home);

    private static ValueTask<bool> PauseAsync(JobCell cell, JobPause pause, CancellationToken cancellationToken) => Call(cell, store => PauseAsync(store, pause, cancellationToken));

    private static async ValueTask<bool> PauseAsync(IJobStore store, JobPause pause, CancellationToken cancellationToken)
    {
        await store.PauseAsync(pause, cancellationToken);
        return true;
    }

    // First its next time, by a comparison, so that nobody fires it any more and what has been fired is known; then itself.
    private static async ValueTask<JobSchedule?> TakeOutAsync(JobCell cell, string name, CancellationToken cancellationToken)
    {
        while (true)
        {
            var old = (await Call(cell, store => store.ListSchedulesAsync(cancellationToken))).FirstOrDefault(schedule => schedule.Name == name);
            if (old is null)
            {
                return null;
            }

            if (old.Next is not { } next || await Call(cell, store => store.FireAsync(name, next, null, [], cancellationToken)))
            {
                await Call(cell, store => store.RemoveScheduleAsync(name, cancellationToken));
                return old;
            }
        }
    }
}
