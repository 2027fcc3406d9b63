using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Runtime.Core;
using Runtime.Hosting.Configuration;

namespace Runtime.Hosting.Jobs;

/// <summary>The part of the engine that serves one store, or one cell of it: claims its jobs, writes their ends, fires its recurring jobs, deletes what is over.</summary>
/// <remarks>
/// Four loops, each of which catches all that its calls can throw. Parts share the room for jobs and nothing else, so a cell that is away or slow holds up no other one.
/// One loop claims for the whole process: the store is asked once for many jobs, not once by each worker.
/// </remarks>
internal sealed class EnginePart : IJobStoreListener
{
    // How long jobs that run already may keep a suspect from running alone; then it runs beside them.
    private static readonly TimeSpan SuspectPatience = TimeSpan.FromSeconds(10);

    // A cell that does not answer for so long gives its room to the others.
    private static readonly TimeSpan LongestHold = TimeSpan.FromSeconds(1);

    private readonly JobEngine _engine;
    private readonly JobRoom _room;
    private readonly JobMetrics _metrics;
    private readonly LiveOptions _options;
    private readonly StoreTrouble _trouble;
    private readonly JobWriter _writer;
    private readonly RecurringJobs _recurring;
    private readonly JobPurge _purge;
    private readonly TimeProvider _clock;
    private readonly Pulse _work;
    private readonly CellRates _rates;
    private readonly ConcurrentQueue<Task> _loops = new();

    // The last try to open the store; by the start, then by the one loop that goes on with it.
    private Task _opening = Task.CompletedTask;
    private volatile bool _mayHaveMore;
    private volatile bool _isStopping;

    public EnginePart(JobEngine engine, IJobStore store, JobCell? cell, CellRates rates, JobRoom room, JobMetrics metrics, JobReporter reporter, LiveOptions options, TimeProvider clock, ILoggerFactory loggers)
    {
        (_engine, Store, Cell, _rates, _room, _metrics, _options) = (engine, store, cell, rates, room, metrics, options);
        _clock = clock;
        _work = new(clock);
        _trouble = new(loggers.CreateLogger<StoreTrouble>());
        _writer = new(store, metrics, _trouble, reporter.Ended, engine.Fenced, MakeRoom, clock);
        _recurring = new(store, cell is null ? static now => Guid.CreateVersion7(now) : now => CellIds.New(now, cell.Number), metrics, _trouble, clock, loggers.CreateLogger<RecurringJobs>());
        _purge = new(store, metrics, _trouble, options, clock);
    }

    public IJobStore Store { get; }

    /// <summary>Gets the cell that the store is; <see langword="null"/>: it is the only one.</summary>
    public JobCell? Cell { get; }

    /// <summary>Gets how many ends wait for the store.</summary>
    public int Unwritten => _writer.Unwritten;

    /// <summary>Gets what is wrong with the store, if anything.</summary>
    public string? Trouble => _trouble.Message ?? _rates.Problem;

    /// <summary>Gets whether a loop has not ended: at the end of all, it hangs in the store.</summary>
    public bool IsHanging => _loops.Any(static loop => !loop.IsCompleted);

    /// <summary>Gets whether the store has jobs that could run if there were room.</summary>
    public bool MayHaveMore => _mayHaveMore;

    public IReadOnlyCollection<Guid> Awaited => Cell is null ? _engine.Awaited : [.. _engine.Awaited.Where(id => !CellIds.TryGetCell(id, out var cell) || cell == Cell.Number)];

    /// <summary>Opens the store.</summary>
    /// <exception cref="JobStoreException">It cannot be used.</exception>
    public Task OpenAsync(JobNode node, CancellationToken cancellationToken) =>
        _opening = Cell is null ? Store.OpenAsync(node, this, cancellationToken).AsTask() : Cell.OpenAsync(node, this, cancellationToken).AsTask();

    /// <summary>Tries to open a cell that could not be opened at the start, until it is.</summary>
    /// <returns><see langword="false"/>: the engine stops.</returns>
    public async Task<bool> OpenLateAsync(JobNode node, CancellationToken stopping)
    {
        for (var failures = 0; !_isStopping; failures++)
        {
            try
            {
                if (_opening.IsCompleted)
                {
                    _ = OpenAsync(node, stopping);
                }

                await _opening.WaitAsync(stopping); // that of the start may still be under way
                _trouble.Over();
                return true;
            }
            catch (Exception exception)
            {
                _metrics.StoreFailed();
                ReportUnopened(exception);
            }

            await _work.WaitAsync(StoreTrouble.Backoff(failures));
        }

        return false;
    }

    public void ReportUnopened(Exception exception) => _trouble.Report(exception, "be opened");

    /// <summary>Begins to serve the store, which is open.</summary>
    /// <param name="runtime">Runs the loops.</param>
    /// <param name="giveUp">Ends the writing of what the store does not take.</param>
    /// <returns>A task that ends when all has ended after <see cref="StopClaiming"/> and <see cref="StopWriting"/>.</returns>
    public Task Start(AsyncRuntime runtime, CancellationToken giveUp)
    {
        var options = new SpawnOptions { Priority = TaskPriority.High, Name = "durable jobs" };
        return Task.WhenAll(
            Run(ClaimAsync, options),
            Run(() => _writer.RunAsync(giveUp), options),
            Run(_recurring.RunAsync, options),
            Run(_purge.RunAsync, options with { Priority = TaskPriority.Background }));

        // A loop that hangs in the store is left at the end; what it then still does the store refuses, or does not hear.
        Task Run(Func<ValueTask> loop, SpawnOptions how) => runtime.Spawn(
            async _ =>
            {
                var running = loop().AsTask();
                _loops.Enqueue(running);
                await running.WaitAsync(giveUp);
            },
            how,
            CancellationToken.None);
    }

    /// <summary>Claims and fires no more.</summary>
    public void StopClaiming()
    {
        _isStopping = true;
        _work.Set();
        _recurring.Stop();
        _purge.Stop();
    }

    /// <summary>Writes what is there, and ends.</summary>
    public void StopWriting() => _writer.Stop();

    /// <summary>Has the end of a run written.</summary>
    public void Write(JobEnding ending) => _writer.Add(ending);

    public void AddReport(RunningJob run) => _writer.AddReport(run);

    public void WorkArrived() => _work.Set();

    public void SchedulesChanged() => _recurring.Look();

    public void JobEnded(Guid id) => _engine.JobEnded(id);

    public void LeasesLost(string reason) => _engine.LeasesLost(this, reason);

    public void CancellationRequested(Guid id, string? reason) => _engine.CancellationRequested(id, reason);

    // Whoever makes room reads the flag after that; the claimer sets the flag before it looks for room. A fence on both sides, so one of them sees the other.
    public void MakeRoom()
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
                    Expect(claims.MayHaveMore || _room.HasQueueLimits);
                    if (claims.MayHaveMore && _room.HasRoomFor(this))
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
        var taken = TakeRoom();
        if (taken is null)
        {
            return null; // whoever makes room sets the pulse
        }

        var settings = _options.CurrentValue;
        var request = _rates.Apply(settings.Jobs.QueueRates, new JobClaimRequest { Room = taken.Room, RoomOfQueue = taken.RoomOfQueue, StarvationThreshold = settings.StarvationThreshold });
        IReadOnlyList<ClaimedJob> jobs = [];
        JobClaims claims;
        try
        {
            if (Cell is null)
            {
                claims = await Store.ClaimAsync(request, CancellationToken.None); // nobody to give way to
            }
            else
            {
                var claiming = Store.ClaimAsync(request, CancellationToken.None).AsTask();
                if (!await AnswersInTimeAsync(claiming))
                {
                    _room.GiveBack(taken, jobs);
                    taken = null;
                }

                claims = await claiming;
            }

            if (taken is not null)
            {
                jobs = claims.Jobs;
                _engine.Begin(jobs, this, isSuspect: false);
            }
            else
            {
                BeginLate(claims.Jobs);
            }
        }
        finally
        {
            if (taken is not null)
            {
                _room.GiveBack(taken, jobs);
            }
        }

        return claims.SuspectWaits ? await ClaimSuspectAsync(request) : claims;
    }

    // A store that is the only one has nobody to give way to.
    private async ValueTask<bool> AnswersInTimeAsync(Task claiming)
    {
        if (Cell is not null && !claiming.IsCompleted)
        {
            await claiming.WaitAsync(LongestHold, _clock).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        }

        return Cell is null || claiming.IsCompleted;
    }

    // The room for them has gone to other cells meanwhile. What there is none for goes back at once, for this process or another.
    private void BeginLate(IReadOnlyList<ClaimedJob> jobs)
    {
        foreach (var job in jobs)
        {
            if (_room.TryTake(this, others: 0) is { } taken)
            {
                if (!taken.RoomOfQueue.TryGetValue(job.Job.Queue, out var left) || left > 0)
                {
                    _engine.Begin([job], this, isSuspect: false);
                    _room.GiveBack(taken, [job]);
                    continue;
                }

                _room.GiveBack(taken, []);
            }

            HandBack(job);
        }
    }

    private RoomTaken? TakeRoom()
    {
        var others = _engine.PartsThatWantRoom(this);
        if (!_room.HasQueueLimits && _room.TryTake(this, others) is { } taken)
        {
            return taken;
        }

        // From here on whoever makes room tells; what a full queue leaves behind is nothing the store tells. Taken once: to take, give back and take again would wake those that the first one was in the way of.
        Expect(more: true);
        return _room.TryTake(this, others);
    }

    // The process has died in this job so often that the next death is put down to it: nothing else may run then.
    private async ValueTask<JobClaims?> ClaimSuspectAsync(JobClaimRequest request)
    {
        Expect(more: true); // what waits behind the suspect is nothing the store tells: its end does
        if (!_room.TryBeAlone(this))
        {
            return null;
        }

        Task<JobClaims> claiming;
        try
        {
            await _room.WaitForClaimsAsync(SuspectPatience);
            await _engine.WaitForIdleAsync(SuspectPatience);
            if (_isStopping)
            {
                return null;
            }

            claiming = Store.ClaimAsync(request with { Room = 1, Suspect = true }, CancellationToken.None).AsTask();
            if (await AnswersInTimeAsync(claiming))
            {
                var claims = await claiming;
                _engine.Begin(claims.Jobs, this, isSuspect: true);
                return claims.Jobs.Count > 0 ? null : claims with { SuspectWaits = false };
            }
        }
        finally
        {
            _room.EndAlone();
        }

        var late = await claiming;
        foreach (var job in late.Jobs)
        {
            HandBack(job);
        }

        return late with { SuspectWaits = false };
    }

    private void HandBack(ClaimedJob job) => _writer.Add(new JobEnding(job.Lease, JobEndingKind.Interrupted, "The cell answered so late that there was no room for the job any more."));
}
