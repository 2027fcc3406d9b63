using Microsoft.Extensions.Logging;

namespace Runtime.Hosting.Jobs;

/// <summary>A store whose jobs are moved into this application's one.</summary>
/// <param name="Open">Makes the store, not yet open.</param>
internal sealed record JobImportSource(Func<IServiceProvider, IJobStore> Open);

/// <summary>Moves jobs from another store into the application's own, before any is run.</summary>
/// <remarks>
/// A batch is stored there and then removed here. Whenever that is interrupted it is done again at the next start: what is there already is recognized by its id. Jobs that wait for others go first, so that a
/// process which already runs what they wait for finds them.
/// </remarks>
internal sealed partial class JobImport(IEnumerable<JobImportSource> sources, IServiceProvider services, ILogger<JobImport> logger)
{
    // Another process that has the same line moves it away, or looks whether there is anything.
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Rest = TimeSpan.FromMilliseconds(100);

    // Each may have arguments and a result of some hundred kilobytes.
    private const int JobsPerBatch = 200;

    /// <summary>Moves everything.</summary>
    /// <exception cref="JobStoreException">A store cannot be used.</exception>
    /// <exception cref="InvalidOperationException">The stores cannot do that.</exception>
    public async Task RunAsync(IJobStore store, JobNode node, CancellationToken cancellationToken)
    {
        foreach (var one in sources)
        {
            var into = store;
            if (store.Cells?.First(static cell => cell.TakesNewJobs) is { } cell)
            {
                into = cell.IsOpen ? cell.Store : throw new JobStoreException($"ImportJobs moves jobs into cell {cell.Number}, which cannot be reached. Start again when it answers, or leave ImportJobs out.");
            }

            var began = TimeProvider.System.GetTimestamp();
            while (!await TryMoveAsync(one, into, store, node, TimeProvider.System.GetElapsedTime(began) > LongestWait, cancellationToken))
            {
                await Task.Delay(Rest, TimeProvider.System, cancellationToken);
            }
        }
    }

    private async Task<bool> TryMoveAsync(JobImportSource one, IJobStore store, IJobStore all, JobNode node, bool isLastTry, CancellationToken cancellationToken)
    {
        await using var from = one.Open(services);
        if (from is not IJobStoreSource source || store is not IJobStoreTarget target)
        {
            throw new InvalidOperationException(
                $"ImportJobs cannot move jobs from the store '{from.Kind}' into the store '{store.Kind}'; it moves them from SQLite into PostgreSQL. Name those two, or leave ImportJobs out.");
        }

        if (!source.IsThere)
        {
            LogNothing(source.Kind, source.Place);
            return true;
        }

        try
        {
            await source.OpenAsync(node with { JobNames = [] }, NoListener.Instance, cancellationToken); // no names: what is parked stays so
        }
        catch (JobStoreException exception) when (exception.InnerException is IOException && !isLastTry)
        {
            return false; // somebody has it
        }

        await MoveAsync(source, target, all, cancellationToken);
        return true;
    }

    private async Task MoveAsync(IJobStoreSource source, IJobStoreTarget target, IJobStore all, CancellationToken cancellationToken)
    {
        var schedules = await MoveSchedulesAsync(source, all, cancellationToken);
        await MovePausesAsync(source, all, cancellationToken);
        var jobs = await MoveJobsAsync(source, target, waiting: true, cancellationToken) + await MoveJobsAsync(source, target, waiting: false, cancellationToken);
        if (jobs > 0 || schedules > 0)
        {
            LogImported(jobs, schedules, source.Kind, target.Kind);
        }
    }

    // One that is there already has moved on since, or is newer.
    private static async Task<int> MoveSchedulesAsync(IJobStoreSource source, IJobStore target, CancellationToken cancellationToken)
    {
        var there = (await target.ListSchedulesAsync(cancellationToken)).Select(static schedule => schedule.Name).ToHashSet(StringComparer.Ordinal);
        var here = await source.ListSchedulesAsync(cancellationToken);
        foreach (var schedule in here)
        {
            if (!there.Contains(schedule.Name))
            {
                await target.PutScheduleAsync(schedule, cancellationToken);
            }

            await source.RemoveScheduleAsync(schedule.Name, cancellationToken);
        }

        return here.Count;
    }

    // Not those of a node: it has another name there. One that is there already is newer.
    private static async Task MovePausesAsync(IJobStoreSource source, IJobStore target, CancellationToken cancellationToken)
    {
        var there = (await target.ListPausesAsync(cancellationToken)).Select(static pause => (pause.Scope, pause.Key)).ToHashSet();
        foreach (var pause in await source.ListPausesAsync(cancellationToken))
        {
            if (pause.Scope != JobPauseScope.Node && !there.Contains((pause.Scope, pause.Key)))
            {
                await target.PauseAsync(pause, cancellationToken);
            }

            await source.ResumeAsync(pause.Scope, pause.Key, cancellationToken);
        }
    }

    private static async Task<long> MoveJobsAsync(IJobStoreSource source, IJobStoreTarget target, bool waiting, CancellationToken cancellationToken)
    {
        var moved = 0L;
        while (await source.ReadAsync(waiting, JobsPerBatch, cancellationToken) is { Count: > 0 } jobs)
        {
            moved += await target.TakeInAsync(jobs, cancellationToken);
            await source.ForgetAsync([.. jobs.Select(static job => job.Job.Id)], cancellationToken);
        }

        return moved;
    }

    [LoggerMessage(EventIds.JobsImported, LogLevel.Information, "{Jobs} jobs and {Schedules} recurring jobs were moved from the store {From} into the store {To}.", EventName = nameof(EventIds.JobsImported))]
    private partial void LogImported(long jobs, int schedules, string from, string to);

    [LoggerMessage(EventIds.NothingToImport, LogLevel.Information, "There is no store {From} at {Place} to move jobs from. If there should be one, look at the place; if not, the line ImportJobs may go.", EventName = nameof(EventIds.NothingToImport))]
    private partial void LogNothing(string from, string place);
}
