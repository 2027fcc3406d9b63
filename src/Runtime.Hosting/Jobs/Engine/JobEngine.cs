using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Runtime.Core;
using Runtime.Hosting.Configuration;

namespace Runtime.Hosting.Jobs;

/// <summary>Runs durable jobs: opens the store, has its parts claim jobs while there is room, and runs those on the runtime.</summary>
/// <remarks>
/// One <see cref="EnginePart"/> for the store, or for each of its cells, does all that has to do with it. Here is what they share: the runs, the room for them, and who waits for their ends.
/// The task of the parts' loops is awaited at the stop.
/// </remarks>
internal sealed partial class JobEngine : IDisposable
{
    private const int MostCancellations = 10_000;

    // What one cell may take to open when another one is open; then it is opened while the others are served.
    private static readonly TimeSpan LongestOpening = TimeSpan.FromSeconds(3);

    private readonly AsyncRuntime _runtime;
    private readonly IJobStore _store;
    private readonly JobImport _import;
    private readonly JobRegistry _registry;
    private readonly JobWaiters _waiters;
    private readonly JobRunner _runner;
    private readonly JobReporter _reporter;
    private readonly JobMetrics _metrics;
    private readonly RecurringRegistrations _recurring;
    private readonly LiveOptions _options;
    private readonly ILogger<JobEngine> _logger;
    private readonly RunningJobs _running = new();
    private readonly EnginePart[] _parts;

    // Requests whose run has not been found among them, with their reasons.
    private readonly ConcurrentDictionary<Guid, string> _cancellations = new();
    private readonly JobRoom _room;
    private readonly CancellationTokenSource _stopping = new();
    private readonly CancellationTokenSource _giveUp = new();
    private Task _loops = Task.CompletedTask;
    private IDisposable? _reloads;
    private bool _isStarted;
    private volatile bool _isStopping;

    public JobEngine(
        AsyncRuntime runtime, IJobStore store, JobImport import, JobRegistry registry, JobWaiters waiters, JobRunner runner, JobReporter reporter, JobMetrics metrics,
        RecurringRegistrations recurring, LiveOptions options, ILoggerFactory loggers)
    {
        (_runtime, _store, _registry, _waiters, _runner, _reporter, _metrics) = (runtime, store, registry, waiters, runner, reporter, metrics);
        (_import, _options, _logger) = (import, options, loggers.CreateLogger<JobEngine>());
        _room = new(_running, options, runtime);
        _recurring = recurring;
        _parts = store.Cells is { } cells
            ? [.. cells.Select((cell, i) => new EnginePart(this, cell.Store, cell, new(i, cells.Count), _room, metrics, reporter, options, runtime.TimeProvider, loggers))]
            : [new(this, store, null, new(0, 1), _room, metrics, reporter, options, runtime.TimeProvider, loggers)];
        metrics.Observe(() => _running.Count);
    }

    /// <summary>Gets how many jobs run in this process.</summary>
    public int Running => _running.Count;

    /// <summary>Gets how many ends of jobs wait for the store.</summary>
    public int Unwritten => _parts.Sum(static part => part.Unwritten);

    /// <summary>Gets over how many databases the jobs are spread.</summary>
    public int Cells => _parts.Length;

    /// <summary>Gets what is wrong with the store, if anything.</summary>
    public string? Trouble
    {
        get
        {
            var troubles = _parts.Where(static part => part.Trouble is not null).Select(static part => part.Cell is { } cell ? $"Cell {cell.Number}: {part.Trouble}" : part.Trouble!).ToList();
            return troubles.Count == 0 ? null : string.Join(" ", troubles);
        }
    }

    public IJobStore Store => _store;

    public IReadOnlyCollection<Guid> Awaited => _waiters.Ids;

    /// <summary>Opens the store and starts to run jobs. Called once.</summary>
    /// <exception cref="JobStoreException">The store cannot be used.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var settings = _options.CurrentValue.Jobs;
        var node = new JobNode(settings.NodeName.Length > 0 ? settings.NodeName : NodeName(), _registry.Names, settings.MaxCrashes);
        await OpenAsync(node, cancellationToken);
        await _import.RunAsync(_store, node, cancellationToken);
        if (_registry.Names.Count > 0)
        {
            LogOpened(_store.Kind, _registry.Names.Count);
            if (!_store.IsDurable)
            {
                LogForgets();
            }
        }

        _isStarted = true;
        if (_registry.Names.Count > 0) // else nothing here runs jobs: those that others have stored are not ours to park
        {
            _reloads = _options.OnChange((_, _) => MayHaveRoom());
        }

        _loops = Task.WhenAll(_parts.Select(part => ServeAsync(part, node)));
        try
        {
            await _recurring.PutAllAsync(cancellationToken);
        }
        catch (JobStoreException exception) when (exception.IsTransient && HasUnopened)
        {
            // They are put when the cell has been opened.
        }
    }

    public void Dispose()
    {
        _reloads?.Dispose();
        _stopping.Dispose();
        _giveUp.Dispose();
    }

    private bool HasUnopened => Array.Exists(_parts, static part => part.Cell is { IsOpen: false });

    // A cell that is away or hangs keeps nobody from starting; a store that is one, or all cells, do. So does what time does not mend.
    private async Task OpenAsync(JobNode node, CancellationToken cancellationToken)
    {
        List<Task<JobStoreException?>> tries = [.. _parts.Select(part => TryOpenAsync(part, node, cancellationToken))];
        await WaitForSomeAsync(tries, cancellationToken);
        var failures = new JobStoreException?[tries.Count];
        for (var i = 0; i < tries.Count; i++)
        {
            failures[i] = tries[i].IsCompleted ? await tries[i] : new JobStoreException($"It has not answered for {LongestOpening.TotalSeconds} s.");
        }

        if (Array.Find(failures, static failure => failure is { IsTransient: false }) is { } lasting)
        {
            throw lasting;
        }

        if (Array.TrueForAll(failures, static failure => failure is not null))
        {
            throw failures[0]!;
        }

        for (var i = 0; i < failures.Length; i++)
        {
            if (failures[i] is { } failure)
            {
                _parts[i].ReportUnopened(failure);
            }
        }
    }

    // Until all are over, or one is open and the others have had their time.
    private async Task WaitForSomeAsync(List<Task<JobStoreException?>> tries, CancellationToken cancellationToken)
    {
        List<Task<JobStoreException?>> left = [.. tries];
        var isOpen = false;
        while (left.Count > 0 && !isOpen)
        {
            var over = await Task.WhenAny(left);
            left.Remove(over);
            isOpen = await over is null;
        }

        Task all = Task.WhenAll(left);
        await all.WaitAsync(LongestOpening, _runtime.TimeProvider, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private static async Task<JobStoreException?> TryOpenAsync(EnginePart part, JobNode node, CancellationToken cancellationToken)
    {
        try
        {
            await part.OpenAsync(node, cancellationToken);
            return null;
        }
        catch (JobStoreException exception)
        {
            return exception;
        }
    }

    private async Task ServeAsync(EnginePart part, JobNode node)
    {
        if (part.Cell is { IsOpen: false })
        {
            await _runtime.Spawn(async _ => await OpenLateAsync(part, node), new SpawnOptions { Name = "durable jobs" }, CancellationToken.None);
        }

        if (_registry.Names.Count > 0 && !_isStopping)
        {
            await part.Start(_runtime, _giveUp.Token);
        }
    }

    // Then the recurring jobs of the code are put once more: some may belong there.
    private async ValueTask OpenLateAsync(EnginePart part, JobNode node)
    {
        var isOpen = await part.OpenLateAsync(node, _stopping.Token);
        for (var failures = 0; isOpen && !_isStopping; failures++)
        {
            try
            {
                await _recurring.PutAllAsync(_stopping.Token);
                return;
            }
            catch (Exception exception)
            {
                if (HasUnopened)
                {
                    return; // whoever opens the last one puts them
                }

                _metrics.StoreFailed();
                part.ReportUnopened(exception);
                await Task.Delay(StoreTrouble.Backoff(failures), _runtime.TimeProvider, _stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
            }
        }
    }

    /// <summary>How many other parts have jobs that wait for room.</summary>
    public int PartsThatWantRoom(EnginePart but) => _parts.Length == 1 ? 0 : _parts.Count(part => part != but && part.MayHaveMore);

    public Task WaitForIdleAsync(TimeSpan atMost) => _running.WaitForIdleAsync(atMost);

    public void JobEnded(Guid id)
    {
        _cancellations.TryRemove(id, out _);
        _waiters.Signal(id);
    }

    public void LeasesLost(EnginePart part, string reason)
    {
        foreach (var run in _running.All.Where(run => run.Part == part))
        {
            run.Cancel(RunCancellation.LeaseLost, reason);
        }
    }

    // The job may have been claimed and not yet begun here. So the request is put down before the runs are looked through, and a run looks for it after it has put itself among them: one sees the other.
    public void CancellationRequested(Guid id, string? reason)
    {
        if (_cancellations.Count > MostCancellations)
        {
            _cancellations.Clear(); // of jobs that run elsewhere
        }

        _cancellations[id] = reason ?? "";
        foreach (var run in _running.All.Where(run => run.Id == id))
        {
            Cancel(run);
        }
    }

    /// <summary>Runs what a part has claimed.</summary>
    public void Begin(IReadOnlyList<ClaimedJob> jobs, EnginePart part, bool isSuspect)
    {
        foreach (var job in jobs)
        {
            _metrics.Claimed(job);
            var run = new RunningJob(job, part) { Reported = part.AddReport, IsSuspect = isSuspect };
            _running.Add(run);
            Interlocked.MemoryBarrier();
            Cancel(run);
            if (isSuspect)
            {
                _room.BeginSuspect();
            }

            try
            {
                _ = _runtime.Spawn(async _ => await RunAsync(run), OptionsOf(job), CancellationToken.None);
            }
            catch (RuntimeNotRunningException)
            {
                EndRun(run, new JobEnding(job.Lease, JobEndingKind.Interrupted));
            }
        }
    }

    public void Fenced(JobEnding ending)
    {
        _metrics.Fenced();
        LogFenced(ending.Lease.Id, ending.Kind, ending.Lease.Number);
    }

    private void Cancel(RunningJob run)
    {
        if (_cancellations.TryRemove(run.Id, out var reason))
        {
            run.Cancel(RunCancellation.Asked, reason.Length == 0 ? null : reason);
        }
    }

    private static SpawnOptions OptionsOf(ClaimedJob job)
    {
        var left = job.Job.Deadline - job.Waited;
        return new SpawnOptions { Priority = job.Job.Priority, Name = job.Job.Name, Deadline = left < TimeSpan.Zero ? TimeSpan.Zero : left };
    }

    private async ValueTask RunAsync(RunningJob run)
    {
        if (_isStopping && run.Cause == RunCancellation.Stopping)
        {
            EndRun(run, new JobEnding(run.Claimed.Lease, JobEndingKind.Interrupted, run.CancellationReason)); // it never began
            return;
        }

        var report = _reporter.Begin(run);
        var ending = await _runner.RunAsync(run);
        report.End(ending);
        EndRun(run, ending);
    }

    private void EndRun(RunningJob run, JobEnding ending)
    {
        if (run.IsSuspect)
        {
            _room.EndSuspect();
        }

        if (run.TryEnd())
        {
            run.Part.Write(ending);
        }

        _running.Remove(run);
        foreach (var part in _parts)
        {
            part.MakeRoom();
        }
    }

    // There may be more room now, by other settings.
    private void MayHaveRoom()
    {
        foreach (var part in _parts)
        {
            part.WorkArrived();
        }
    }

    private static string NodeName() => $"{Environment.MachineName}:{Environment.ProcessId.ToString(System.Globalization.CultureInfo.InvariantCulture)}";
}
