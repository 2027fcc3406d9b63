using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Runtime.Core;
using Runtime.Hosting.Configuration;

namespace Runtime.Hosting.Jobs;

/// <summary>Claims jobs from the store while there is room, runs them on the runtime, and has their ends written.</summary>
/// <remarks>
/// Three loops, each of which catches all that its calls can throw and whose task is awaited at the stop: this one claims, <see cref="JobWriter"/> writes, <see cref="RecurringJobs"/> fires.
/// One loop claims for the whole process: the store is asked once for many jobs, not once by each worker.
/// </remarks>
internal sealed partial class JobEngine : IJobStoreListener, IDisposable
{
    // More at once would run long after they were claimed, and could not be run by anybody else meanwhile.
    private const int MostPerClaim = 256;

    // Ends that the store has not taken may pile up to this many times the room; then no more jobs are started.
    private const int MostUnwrittenPerRoom = 4;

    private const int MostCancellations = 10_000;

    // How long jobs that run already may keep a suspect from running alone; then it runs beside them.
    private static readonly TimeSpan SuspectPatience = TimeSpan.FromSeconds(10);

    private readonly AsyncRuntime _runtime;
    private readonly IJobStore _store;
    private readonly JobImport _import;
    private readonly JobRegistry _registry;
    private readonly JobWaiters _waiters;
    private readonly JobRunner _runner;
    private readonly JobReporter _reporter;
    private readonly JobMetrics _metrics;
    private readonly RecurringJobs _recurring;
    private readonly LiveOptions _options;
    private readonly StoreTrouble _trouble;
    private readonly JobWriter _writer;
    private readonly ILogger<JobEngine> _logger;
    private readonly Pulse _work;
    private readonly QueueTexts<int> _queueLimits = new(QueueTexts.TryReadLimit);
    private readonly QueueTexts<JobRate> _queueRates = new(QueueTexts.TryReadRate);
    private readonly ConcurrentDictionary<long, RunningJob> _running = new();

    // Requests whose run has not been found among them, with their reasons.
    private readonly ConcurrentDictionary<Guid, string> _cancellations = new();
    private readonly CancellationTokenSource _giveUp = new();
    private Task _loops = Task.CompletedTask;
    private IDisposable? _reloads;
    private TaskCompletionSource? _idle;
    private bool _isStarted;
    private volatile bool _isStopping;
    private volatile bool _mayHaveMore;
    private int _suspects;

    public JobEngine(
        AsyncRuntime runtime, IJobStore store, JobImport import, JobRegistry registry, JobWaiters waiters, JobRunner runner, JobReporter reporter, JobMetrics metrics, RecurringJobs recurring,
        LiveOptions options, StoreTrouble trouble, ILogger<JobEngine> logger)
    {
        (_runtime, _store, _registry, _waiters, _runner, _reporter, _metrics, _recurring) = (runtime, store, registry, waiters, runner, reporter, metrics, recurring);
        (_import, _options, _trouble, _logger) = (import, options, trouble, logger);
        _work = new(runtime.TimeProvider);
        _writer = new(store, metrics, trouble, reporter.Ended, Fenced, MakeRoom, runtime.TimeProvider);
        metrics.Observe(() => _running.Count);
    }

    /// <summary>Gets how many jobs run in this process.</summary>
    public int Running => _running.Count;

    /// <summary>Gets how many ends of jobs wait for the store.</summary>
    public int Unwritten => _writer.Unwritten;

    /// <summary>Gets what is wrong with the store, if anything.</summary>
    public string? Trouble => _trouble.Message;

    public IJobStore Store => _store;

    /// <summary>Opens the store and starts to run jobs. Called once.</summary>
    /// <exception cref="JobStoreException">The store cannot be used.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var settings = _options.CurrentValue.Jobs;
        var node = new JobNode(settings.NodeName.Length > 0 ? settings.NodeName : NodeName(), _registry.Names, settings.MaxCrashes);
        await _store.OpenAsync(node, this, cancellationToken);
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
        if (_registry.Names.Count == 0)
        {
            return; // nothing here runs jobs: those that others have stored are not ours to park
        }

        _reloads = _options.OnChange((_, _) => _work.Set()); // there may be more room now
        var options = new SpawnOptions { Priority = TaskPriority.High, Name = "durable jobs" };
        _loops = Task.WhenAll(
            _runtime.Spawn(async _ => await ClaimAsync(), options, CancellationToken.None),
            _runtime.Spawn(async _ => await _writer.RunAsync(_giveUp.Token), options, CancellationToken.None),
            _runtime.Spawn(async _ => await _recurring.RunAsync(), options, CancellationToken.None),
            _runtime.Spawn(async _ => await PurgeAsync(), options with { Priority = TaskPriority.Background }, CancellationToken.None));
    }

    public void Dispose()
    {
        _reloads?.Dispose();
        _giveUp.Dispose();
    }

    public void WorkArrived() => _work.Set();

    public void SchedulesChanged() => _recurring.Look();

    public void JobEnded(Guid id)
    {
        _cancellations.TryRemove(id, out _);
        _waiters.Signal(id);
    }

    public IReadOnlyCollection<Guid> Awaited => _waiters.Ids;

    public void LeasesLost(string reason)
    {
        foreach (var run in _running.Values)
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
        foreach (var run in _running.Values)
        {
            if (run.Id == id)
            {
                Cancel(run);
            }
        }
    }

    private void Cancel(RunningJob run)
    {
        if (_cancellations.TryRemove(run.Id, out var reason))
        {
            run.Cancel(RunCancellation.Asked, reason.Length == 0 ? null : reason);
        }
    }

    private int Room()
    {
        var settings = _options.CurrentValue;
        var most = settings.Jobs.MaxConcurrency > 0 ? settings.Jobs.MaxConcurrency : Queues.QueueSettings.AutomaticConcurrency(_runtime.WorkerCount);
        return _writer.Unwritten > most * MostUnwrittenPerRoom ? 0 : Math.Min(most - _running.Count, MostPerClaim);
    }

    private async ValueTask ClaimAsync()
    {
        var failures = 0;
        while (!_isStopping)
        {
            TimeSpan? wait = null;
            try
            {
                var claims = await ClaimOnceAsync();
                if (claims is not null)
                {
                    _trouble.Over();
                    failures = 0;
                    wait = claims.NextDue;
                    Expect(claims.MayHaveMore || _options.CurrentValue.Jobs.QueueConcurrency.Count > 0);
                    if (claims.MayHaveMore && Room() > 0)
                    {
                        continue;
                    }
                }
            }
            catch (Exception exception)
            {
                _metrics.StoreFailed();
                _trouble.Report(exception, "hand out jobs");
                wait = StoreTrouble.Backoff(failures++);
            }

            await _work.WaitAsync(wait);
        }
    }

    private async ValueTask<JobClaims?> ClaimOnceAsync()
    {
        var room = Room();
        if (room <= 0 || Volatile.Read(ref _suspects) > 0)
        {
            Expect(more: true);
            room = Room();
            if (room <= 0 || Volatile.Read(ref _suspects) > 0)
            {
                return null; // whoever makes room sets the pulse
            }
        }

        var queues = RoomOfQueues();
        if (queues.Count > 0)
        {
            Expect(more: true); // what a full queue leaves behind is nothing the store tells
            queues = RoomOfQueues();
        }

        var settings = _options.CurrentValue;
        var request = new JobClaimRequest { Room = room, RoomOfQueue = queues, RateOfQueue = _queueRates.Read(settings.Jobs.QueueRates), StarvationThreshold = settings.StarvationThreshold };
        var claims = await _store.ClaimAsync(request, CancellationToken.None);
        Begin(claims.Jobs, isSuspect: false);
        return claims.SuspectWaits ? await ClaimSuspectAsync(request) : claims;
    }

    // The queues with a limit of their own, and what is left of it.
    private Dictionary<string, int> RoomOfQueues()
    {
        var settings = _options.CurrentValue.Jobs.QueueConcurrency;
        if (settings.Count == 0)
        {
            return [];
        }

        var room = new Dictionary<string, int>(_queueLimits.Read(settings), StringComparer.Ordinal);
        foreach (var run in _running.Values)
        {
            if (room.TryGetValue(run.Queue, out var left))
            {
                room[run.Queue] = Math.Max(0, left - 1);
            }
        }

        return room;
    }

    // The process has died in this job so often that the next death is put down to it: nothing else may run then.
    private async ValueTask<JobClaims?> ClaimSuspectAsync(JobClaimRequest request)
    {
        await WaitForIdleAsync(SuspectPatience);
        if (_isStopping)
        {
            return null;
        }

        var claims = await _store.ClaimAsync(request with { Room = 1, Suspect = true }, CancellationToken.None);
        Begin(claims.Jobs, isSuspect: true);
        return claims.Jobs.Count > 0 ? null : claims with { SuspectWaits = false };
    }

    private void Begin(IReadOnlyList<ClaimedJob> jobs, bool isSuspect)
    {
        foreach (var job in jobs)
        {
            _metrics.Claimed(job);
            var run = new RunningJob(job) { Reported = _writer.AddReport };
            _running[job.Lease.Number] = run;
            Interlocked.MemoryBarrier();
            Cancel(run);
            if (isSuspect)
            {
                Interlocked.Increment(ref _suspects);
            }

            try
            {
                _ = _runtime.Spawn(async _ => await RunAsync(run, isSuspect), OptionsOf(job), CancellationToken.None);
            }
            catch (RuntimeNotRunningException)
            {
                EndRun(run, new JobEnding(job.Lease, JobEndingKind.Interrupted), isSuspect);
            }
        }
    }

    private static SpawnOptions OptionsOf(ClaimedJob job)
    {
        var left = job.Job.Deadline - job.Waited;
        return new SpawnOptions { Priority = job.Job.Priority, Name = job.Job.Name, Deadline = left < TimeSpan.Zero ? TimeSpan.Zero : left };
    }

    private async ValueTask RunAsync(RunningJob run, bool isSuspect)
    {
        if (_isStopping && run.Cause == RunCancellation.Stopping)
        {
            EndRun(run, new JobEnding(run.Claimed.Lease, JobEndingKind.Interrupted, run.CancellationReason), isSuspect); // it never began
            return;
        }

        var report = _reporter.Begin(run);
        var ending = await _runner.RunAsync(run);
        report.End(ending);
        EndRun(run, ending, isSuspect);
    }

    private void EndRun(RunningJob run, JobEnding ending, bool isSuspect)
    {
        if (isSuspect)
        {
            Interlocked.Decrement(ref _suspects);
        }

        if (run.TryEnd())
        {
            _writer.Add(ending);
        }

        _running.TryRemove(run.Claimed.Lease.Number, out _);
        if (_running.IsEmpty)
        {
            Volatile.Read(ref _idle)?.TrySetResult();
        }

        MakeRoom();
    }

    // Whoever makes room reads the flag after that; the claimer sets the flag before it looks for room. A fence on both sides, so one of them sees the other.
    private void MakeRoom()
    {
        Interlocked.MemoryBarrier();
        if (_mayHaveMore)
        {
            _work.Set();
        }
    }

    private void Expect(bool more)
    {
        _mayHaveMore = more;
        Interlocked.MemoryBarrier();
    }

    private void Fenced(JobEnding ending)
    {
        _metrics.Fenced();
        LogFenced(ending.Lease.Id, ending.Kind, ending.Lease.Number);
    }

    // Until nothing runs, at most for a time.
    private async ValueTask WaitForIdleAsync(TimeSpan atMost)
    {
        var idle = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Volatile.Write(ref _idle, idle);
        if (!_running.IsEmpty)
        {
            await idle.Task.WaitAsync(atMost, TimeProvider.System).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        }
    }

    private static string NodeName() => $"{Environment.MachineName}:{Environment.ProcessId.ToString(System.Globalization.CultureInfo.InvariantCulture)}";
}
