namespace Runtime.Hosting.Jobs;

/// <summary>Pauses, which are in all cells.</summary>
public sealed partial class CellJobStore
{
    /// <inheritdoc/>
    /// <remarks>The first cell is the one that counts, also when it takes no new jobs; what another one missed it gets when it is opened again.</remarks>
    public async ValueTask PauseAsync(JobPause pause, CancellationToken cancellationToken)
    {
        await PauseAsync(First, pause, cancellationToken);
        await OthersAsync("pause", store => PauseAsync(store, pause, cancellationToken));
    }

    /// <inheritdoc/>
    public async ValueTask<bool> ResumeAsync(JobPauseScope scope, string key, CancellationToken cancellationToken)
    {
        var was = await Call(First, store => store.ResumeAsync(scope, key, cancellationToken));
        var others = await OthersAsync("resume", store => store.ResumeAsync(scope, key, cancellationToken));
        return was || others.Contains(true);
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<JobPause>> ListPausesAsync(CancellationToken cancellationToken) => Call(First, store => store.ListPausesAsync(cancellationToken));

    /// <summary>Gives a cell that has been opened the pauses that the first one has, and takes away what it has beyond that; the first cell gives its own to all that are open.</summary>
    internal async ValueTask AlignAsync(JobCell opened, CancellationToken cancellationToken)
    {
        await AlignPausesAsync(opened, cancellationToken);
        await AlignSchedulesAsync(opened, cancellationToken);
    }

    private async ValueTask AlignPausesAsync(JobCell opened, CancellationToken cancellationToken)
    {
        if (!First.IsReachable)
        {
            return;
        }

        foreach (var cell in opened == First ? Others.Where(static cell => cell.IsReachable) : [opened])
        {
            await UnlessAwayAsync(opened, async () =>
            {
                // The other cell first: a pause goes to the first cell before it goes there, so what is found only there has been resumed.
                var there = await Call(cell, store => store.ListPausesAsync(cancellationToken));
                var first = await Call(First, store => store.ListPausesAsync(cancellationToken));
                foreach (var pause in first.Except(there))
                {
                    await PauseAsync(cell, pause, cancellationToken);
                }

                foreach (var pause in there.Where(pause => !first.Any(one => one.Scope == pause.Scope && one.Key == pause.Key)))
                {
                    await Call(cell, store => store.ResumeAsync(pause.Scope, pause.Key, cancellationToken));
                }
            });
        }
    }

    // Another cell that is away just now does not keep this one from being served; this one itself does.
    private static async ValueTask UnlessAwayAsync(JobCell opened, Func<Task> align)
    {
        try
        {
            await align();
        }
        catch (JobStoreException exception) when (exception.Data[CellKey] is int number && number != opened.Number)
        {
            // It is aligned when it is opened, by another process or the next one.
        }
    }

    private JobCell First => _cells[0];

    private IEnumerable<JobCell> Others => _cells.Where(cell => cell != First);

    private async ValueTask<bool[]> OthersAsync(string what, Func<IJobStore, ValueTask<bool>> call)
    {
        try
        {
            return await AllAsync(Others, what, call);
        }
        catch (JobStoreException exception)
        {
            throw new JobStoreException($"In cell {First.Number} it has happened. {exception.Message} What was left out gets it when it is opened again, too.", exception.InnerException, exception.IsTransient);
        }
    }

    private static ValueTask<bool> PauseAsync(JobCell cell, JobPause pause, CancellationToken cancellationToken) => Call(cell, store => PauseAsync(store, pause, cancellationToken));

    private static async ValueTask<bool> PauseAsync(IJobStore store, JobPause pause, CancellationToken cancellationToken)
    {
        await store.PauseAsync(pause, cancellationToken);
        return true;
    }
}
