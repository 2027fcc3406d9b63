namespace Runtime.Hosting.Jobs;

/// <summary>Pauses, which are in all cells, and recurring jobs, each of which is in one.</summary>
public sealed partial class CellJobStore
{
    /// <inheritdoc/>
    /// <remarks>The first cell is the one that counts, also when it takes no new jobs; what another one missed it gets when it is opened again.</remarks>
    public async ValueTask PauseAsync(JobPause pause, CancellationToken cancellationToken)
    {
        await PauseAsync(First, pause, cancellationToken);
        await AllAsync(Others, "pause", store => PauseAsync(store, pause, cancellationToken));
    }

    /// <inheritdoc/>
    public async ValueTask<bool> ResumeAsync(JobPauseScope scope, string key, CancellationToken cancellationToken)
    {
        var was = await Call(First, store => store.ResumeAsync(scope, key, cancellationToken));
        var others = await AllAsync(Others, "resume", store => store.ResumeAsync(scope, key, cancellationToken));
        return was || others.Contains(true);
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<JobPause>> ListPausesAsync(CancellationToken cancellationToken) => Call(First, store => store.ListPausesAsync(cancellationToken));

    /// <inheritdoc/>
    /// <remarks>It goes where the jobs of its <see cref="JobOptions.ShardBy"/> go. One of its name in another cell, from before that changed, is taken out of there first, so that no due time has two runs.</remarks>
    public async ValueTask PutScheduleAsync(JobSchedule schedule, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(schedule);
        var cell = CellOf(schedule);
        foreach (var other in _cells.Where(other => other != cell && other.IsReachable))
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
    public async ValueTask<bool> RemoveScheduleAsync(string name, CancellationToken cancellationToken)
    {
        var isRemoved = false;
        JobStoreException? away = null;
        foreach (var cell in _cells)
        {
            try
            {
                isRemoved |= await Call(cell, store => store.RemoveScheduleAsync(name, cancellationToken));
            }
            catch (JobStoreException exception)
            {
                away = exception; // it may be in another one
            }
        }

        return isRemoved || away is null ? isRemoved : throw away;
    }

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

    // One that was put while the cell of its earlier copy was away is in two: the one that was put last stays. Its template's id tells when that was.
    private async ValueTask AlignSchedulesAsync(JobCell opened, CancellationToken cancellationToken)
    {
        var own = await Call(opened, store => store.ListSchedulesAsync(cancellationToken));
        foreach (var other in own.Count == 0 ? [] : _cells.Where(cell => cell != opened && cell.IsReachable))
        {
            await UnlessAwayAsync(opened, async () =>
            {
                var theirs = (await Call(other, store => store.ListSchedulesAsync(cancellationToken))).ToDictionary(static schedule => schedule.Name, StringComparer.Ordinal);
                foreach (var schedule in own)
                {
                    if (theirs.TryGetValue(schedule.Name, out var copy))
                    {
                        var isNewer = CompareTimes(schedule.Template.Id, copy.Template.Id) is var order && (order > 0 || (order == 0 && CellOf(schedule) == opened));
                        await TakeOutAsync(isNewer ? other : opened, schedule.Name, cancellationToken);
                    }
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

    // Ids of version 7 begin with the time.
    private static int CompareTimes(Guid one, Guid other)
    {
        const int TimeBytes = 6;
        Span<byte> bytes = stackalloc byte[2 * 16];
        one.TryWriteBytes(bytes, bigEndian: true, out _);
        other.TryWriteBytes(bytes[16..], bigEndian: true, out _);
        return bytes[..TimeBytes].SequenceCompareTo(bytes.Slice(16, TimeBytes));
    }

    private JobCell First => _cells[0];

    private IEnumerable<JobCell> Others => _cells.Where(cell => cell != First);

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
