namespace Runtime.Hosting.Jobs;

/// <summary>Recurring jobs, each of which is in one cell.</summary>
public sealed partial class CellJobStore
{
    /// <inheritdoc/>
    /// <remarks>It goes where the jobs of its <see cref="JobOptions.ShardBy"/> go. One of its name in another cell, from before that changed, is taken out of there first, so that no due time has two runs.</remarks>
    public async ValueTask PutScheduleAsync(JobSchedule schedule, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(schedule);
        var cell = CellOf(schedule);
        DateTimeOffset? left = null;
        foreach (var other in _cells.Where(other => other != cell && other.IsReachable))
        {
            var old = await TakeOutAsync(other, schedule.Name, cancellationToken);
            left = Earlier(left, TimeLeft(schedule, old));
            schedule = schedule with { Last = old?.Last > schedule.Last || schedule.Last is null ? old?.Last ?? schedule.Last : schedule.Last };
        }

        await Call(cell, async store =>
        {
            await store.PutScheduleAsync(schedule with { Next = left ?? schedule.Next }, cancellationToken);
            return true;
        });
        await BringForwardAsync(cell, schedule, left, cancellationToken);
        await SettleAsync(schedule.Name, [.. _cells.Where(static one => one.IsReachable)], cancellationToken);
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

    // Those that were put while the cell of an earlier copy was away.
    private async ValueTask AlignSchedulesAsync(JobCell opened, CancellationToken cancellationToken)
    {
        var own = (await Call(opened, store => store.ListSchedulesAsync(cancellationToken))).Select(static schedule => schedule.Name).ToHashSet(StringComparer.Ordinal);
        foreach (var other in own.Count == 0 ? [] : _cells.Where(other => other != opened && other.IsReachable))
        {
            await UnlessAwayAsync(opened, async () =>
            {
                foreach (var schedule in (await Call(other, store => store.ListSchedulesAsync(cancellationToken))).Where(schedule => own.Contains(schedule.Name)))
                {
                    await SettleAsync(schedule.Name, [opened, other], cancellationToken);
                }
            });
        }
    }

    // Of a recurring job that is in several cells, by processes that put it at the same time or with different lists, the one that was put last stays. Whoever finds both decides alike: the template's id tells when that was.
    private static async Task SettleAsync(string name, IReadOnlyList<JobCell> cells, CancellationToken cancellationToken)
    {
        var copies = new List<(JobCell Cell, JobSchedule Schedule)>();
        foreach (var cell in cells)
        {
            if ((await Call(cell, store => store.ListSchedulesAsync(cancellationToken))).FirstOrDefault(schedule => schedule.Name == name) is { } schedule)
            {
                copies.Add((cell, schedule));
            }
        }

        if (copies.Count < 2)
        {
            return;
        }

        var last = copies.OrderBy(static copy => copy.Schedule.Template.Id.ToString(), StringComparer.Ordinal).ThenBy(static copy => copy.Cell.Number).Last();
        foreach (var copy in copies.Where(copy => copy.Cell != last.Cell))
        {
            await BringForwardAsync(last.Cell, last.Schedule, TimeLeft(last.Schedule, await TakeOutAsync(copy.Cell, name, cancellationToken)), cancellationToken);
        }
    }

    // What an older copy has left to be run by the new one.
    private static DateTimeOffset? TimeLeft(JobSchedule schedule, JobSchedule? old) => old?.Cron == schedule.Cron && old.TimeZone == schedule.TimeZone ? old.Next : null;

    private static DateTimeOffset? Earlier(DateTimeOffset? one, DateTimeOffset? other) => one is null || other < one ? other ?? one : one;

    // Another process may have put it with a later time meanwhile.
    private static async ValueTask BringForwardAsync(JobCell cell, JobSchedule schedule, DateTimeOffset? next, CancellationToken cancellationToken)
    {
        while (next is not null)
        {
            var now = (await Call(cell, store => store.ListSchedulesAsync(cancellationToken))).FirstOrDefault(one => one.Name == schedule.Name);
            if (TimeLeft(schedule, now) is not { } later || later <= next || await Call(cell, store => store.FireAsync(schedule.Name, later, next, [], cancellationToken)))
            {
                return;
            }
        }
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
