using System.Diagnostics.Metrics;

namespace Runtime.Core.Diagnostics;

/// <summary>The instruments of a runtime, on the meter <c>AsyncRuntime</c>. Each is read from a snapshot when somebody collects; until then they cost nothing.</summary>
/// <remarks>Thread safe. Units are OpenTelemetry's. <c>docs/observability.md</c> lists every instrument, and a test compares.</remarks>
internal sealed class RuntimeMetrics : IDisposable
{
    /// <summary>The name of the meter.</summary>
    public const string MeterName = "AsyncRuntime";

    private static readonly KeyValuePair<string, object?>[] Priorities =
        [.. Enum.GetNames<TaskPriority>().Select(static name => KeyValuePair.Create("priority", (object?)name.ToLowerInvariant()))];

    private readonly Meter _meter;

    // Whether we made the meter ourselves. A factory's meters are shared by name and disposed by the factory.
    private readonly bool _ownsMeter;
    private readonly SnapshotCache _snapshots;

    // How many instruments there are; each has its number in the cache.
    private int _instruments;

    /// <summary>Creates the instruments.</summary>
    /// <param name="snapshot">Reads the runtime.</param>
    /// <param name="meterFactory">Makes the meter; <see langword="null"/> for one of our own.</param>
    public RuntimeMetrics(Func<RuntimeSnapshot> snapshot, IMeterFactory? meterFactory = null)
    {
        _meter = meterFactory?.Create(MeterName) ?? new Meter(MeterName);
        _ownsMeter = meterFactory is null;
        _snapshots = new(snapshot, TimeProvider.System);
        AddWork();
        AddScheduler();
        AddWorkers();
        AddTimers();
        AddBlocking();
        AddIO();
        AddMemory();
        AddCleanup();
    }

    /// <summary>Gets the meter.</summary>
    public Meter Meter => _meter;

    public void Dispose()
    {
        if (_ownsMeter)
        {
            _meter.Dispose();
        }
    }

    private void AddWork()
    {
        Level("async_runtime.state", null, "Lifecycle: 0 uninitialized, 1 initializing, 2 running, 3 shutting down, 4 terminated.", static s => (int)s.State);
        Count("async_runtime.work.accepted", "{item}", "Spawns, posts and blocking calls that were accepted.", static s => s.Accepted);
        Series("async_runtime.work.finished", "{item}", "Spawns, posts and blocking calls that have ended, by outcome.", static s =>
        [
            new(s.Finished - s.Failed - s.Cancelled, KeyValuePair.Create("outcome", (object?)"succeeded")),
            new(s.Failed, KeyValuePair.Create("outcome", (object?)"failed")),
            new(s.Cancelled, KeyValuePair.Create("outcome", (object?)"cancelled")),
        ]);
        Count("async_runtime.unhandled_exceptions", "{exception}", "Exceptions that left posted work or callbacks.", static s => s.UnhandledExceptions);
    }

    private void AddScheduler()
    {
        Count("async_runtime.scheduler.executed", "{item}", "Items that workers have run, continuations included.", static s => s.Executed);
        Count("async_runtime.scheduler.forced_yields", "{yield}", "Times code had to give way because it had awaited complete things too often in a row.", static s => s.ForcedYields);
        Count("async_runtime.scheduler.starvation_boosts", "{item}", "Items run ahead of their priority because they had waited too long.", static s => s.StarvationBoosts);
        var depth = Next();
        _meter.CreateObservableUpDownCounter(
            "async_runtime.scheduler.depth",
            () => _snapshots.Get(depth).Current.QueueDepth.Select(static (depth, priority) => new Measurement<long>(depth, Priorities[priority])),
            "{item}",
            "Items that wait for a worker, by priority.");
        Level("async_runtime.scheduler.injector_depth", "{item}", "Items that wait in the global queue; part of the depth.", static s => s.InjectorDepth);
        Gauge("async_runtime.scheduler.longest_wait", "s", "How long the item that has waited longest has waited.", static (s, _) => s.LongestWait.TotalSeconds);
        Quantiles("async_runtime.scheduler.wait", "the time from ready to run", static s => s.WaitTime);
        Quantiles("async_runtime.scheduler.run", "the time an item ran until it ended or awaited", static s => s.RunTime);
    }

    private void AddWorkers()
    {
        Level("async_runtime.workers", "{thread}", "Worker threads.", static s => s.Workers.Count);
        Level("async_runtime.workers.reserve", "{thread}", "Those of them that stand in for blocked ones.", static s => s.ReserveWorkers);
        Level("async_runtime.workers.blocked", "{thread}", "Workers whose item blocks the thread.", static s => s.Workers.Count(static worker => worker.IsBlocked));
        Level("async_runtime.workers.placed", "{thread}", "Those of them that run at a place of their own (section Topology).", static s => s.Topology.PlacedWorkers);
        var throttled = Next();
        _meter.CreateObservableCounter(
            "async_runtime.workers.throttled", () => _snapshots.Get(throttled).Current.ThrottledTime.TotalSeconds, "s", "Time in which workers waited for their CPU share (MaxCpuShare), all of them together.");
        Count("async_runtime.scheduler.blocked_items", "{item}", "Items that were found to block their worker.", static s => s.BlockedItems);
        var utilization = Next();
        _meter.CreateObservableGauge(
            "async_runtime.worker.utilization",
            () => _snapshots.Get(utilization).Workers.Select(static worker => new Measurement<double>(worker.Utilization, worker.Tag)),
            "1",
            "Share of the time since the last collection in which the worker was not parked.");
        var busy = Next();
        _meter.CreateObservableCounter(
            "async_runtime.worker.busy",
            () => _snapshots.Get(busy).Workers.Select(static worker => new Measurement<double>(worker.Total.Busy, worker.Tag)),
            "s",
            "Time in which the worker was not parked.");
        OfWorker("async_runtime.worker.executed", "{item}", "Items that the worker has run.", static t => t.Executed);
        OfWorker("async_runtime.worker.local_runs", "{item}", "Items that the worker ran from its own queue.", static t => t.LocalRuns);
        OfWorker("async_runtime.worker.slot_runs", "{item}", "Items that the worker ran from its slot for the item that runs next.", static t => t.SlotRuns);
        OfWorker("async_runtime.worker.steal_attempts", "{attempt}", "Times the worker tried to take work from another.", static t => t.StealAttempts);
        OfWorker("async_runtime.worker.steals", "{steal}", "Times it succeeded.", static t => t.Steals);
        OfWorker("async_runtime.worker.items_stolen", "{item}", "Items it took.", static t => t.ItemsStolen);
        OfWorker("async_runtime.worker.parks", "{park}", "Times the worker went to sleep for want of work.", static t => t.Parks);
        OfWorker("async_runtime.worker.overflows", "{overflow}", "Times the worker's queue was full and half of it went to the global one.", static t => t.Overflows);
    }

    private void AddTimers()
    {
        Level("async_runtime.timers.active", "{timer}", "Armed timers.", static s => s.Timers.Active);
        Count("async_runtime.timers.fired", "{timer}", "Timers that have fired.", static s => s.Timers.Fired);
        Count("async_runtime.timers.cancelled", "{timer}", "Timers that were cancelled or armed anew before they fired.", static s => s.Timers.Cancelled);
        Gauge("async_runtime.timers.overdue", "s", "How long the earliest timer is overdue; more than a moment means that timers stand still.", static (s, _) => s.Timers.Overdue.TotalSeconds);
        Quantiles("async_runtime.timers.lateness", "how late timers fired", static s => s.Timers.Lateness);
    }

    private void AddBlocking()
    {
        Level("async_runtime.blocking.threads", "{thread}", "Threads for blocking calls, idle ones included.", static s => s.BlockingThreads);
        Level("async_runtime.blocking.depth", "{call}", "Blocking calls that wait for a thread.", static s => s.BlockingQueueDepth);
    }

    private void AddIO()
    {
        Level("async_runtime.io.registrations", "{handle}", "Handles that the event loop looks after.", static s => s.IO.Registrations);
        Count("async_runtime.io.events", "{event}", "Events that the system has told.", static s => s.IO.Events);
        Count("async_runtime.io.stale_events", "{event}", "Events of registrations that were gone, which were dropped.", static s => s.IO.StaleEvents);
        Count("async_runtime.io.polls", "{poll}", "Times the system was asked for events.", static s => s.IO.Polls);
        Count("async_runtime.io.waits", "{wait}", "Those of them that were waits of a worker with nothing else to do.", static s => s.IO.Waits);
        Count("async_runtime.io.wake_ups", "{wake}", "Times such a worker was woken for other work.", static s => s.IO.WakeUps);
        Gauge("async_runtime.io.unattended", "s", "How long nobody has asked for events; more than a moment means that they are not seen.", static (s, _) => s.IO.Unattended.TotalSeconds);
    }

    private void AddMemory()
    {
        Level("async_runtime.memory.allocated", "By", "Bytes of buffers, rented and kept.", static s => s.Memory.AllocatedBytes);
        Level("async_runtime.memory.peak", "By", "The most there have been.", static s => s.Memory.PeakBytes);
        Series("async_runtime.memory.rents", "{rent}", "Buffers that were rented, by tier.", static s => [.. s.Memory.Tiers.Select(static tier => OfTier(tier.Rents, tier.Tier))]);
        Series("async_runtime.memory.misses", "{rent}", "Rents that had a buffer made, by tier.", static s => [.. s.Memory.Tiers.Select(static tier => OfTier(tier.Misses, tier.Tier))]);
        var outstanding = Next();
        _meter.CreateObservableUpDownCounter(
            "async_runtime.memory.outstanding",
            () => _snapshots.Get(outstanding).Current.Memory.Tiers.Select(static tier => OfTier(tier.OutstandingBytes, tier.Tier)),
            "By",
            "Bytes of buffers that are rented, by tier.");
        Count("async_runtime.memory.fallbacks", "{rent}", "Rents served outside of the pool because it was at its bound.", static s => s.Memory.Fallbacks);
        Count("async_runtime.memory.trimmed", "By", "Bytes of unused buffers that were let go.", static s => s.Memory.TrimmedBytes);
        Count("async_runtime.memory.double_returns", "{return}", "Returns that came second and were refused.", static s => s.Memory.DoubleReturns);
        Level("async_runtime.memory.waiting", "{rent}", "Rents that wait for a return.", static s => s.Memory.Waiting);
    }

    private void AddCleanup()
    {
        Level("async_runtime.cleanup.backlog", "{thing}", "Retired things that have not been released.", static s => s.Cleanup.Backlog);
        Count("async_runtime.cleanup.retired", "{thing}", "Things that were handed over to be released later.", static s => s.Cleanup.Retired);
        Count("async_runtime.cleanup.released", "{thing}", "Those of them that have been released.", static s => s.Cleanup.Released);
        Count("async_runtime.cleanup.failed", "{thing}", "Releases that threw an exception.", static s => s.Cleanup.Failed);
        Count("async_runtime.cleanup.helped", "{thing}", "Things released by those who retired others, because too many waited.", static s => s.Cleanup.Helped);
        Count("async_runtime.cleanup.overruns", "{slice}", "Slices of the cleaning that took longer than their budget.", static s => s.Cleanup.Overruns);
        Quantiles("async_runtime.cleanup.slice", "the time of a slice of the cleaning", static s => s.Cleanup.Slices);
    }

    private static Measurement<long> OfTier(long value, Enum tier) => new(value, KeyValuePair.Create("tier", (object?)tier.ToString().ToLowerInvariant()));

    private int Next() => _instruments++;

    private void Count(string name, string unit, string description, Func<RuntimeSnapshot, long> read)
    {
        var number = Next();
        _meter.CreateObservableCounter(name, () => read(_snapshots.Get(number).Current), unit, description);
    }

    private void Series(string name, string unit, string description, Func<RuntimeSnapshot, Measurement<long>[]> read)
    {
        var number = Next();
        _meter.CreateObservableCounter(name, () => read(_snapshots.Get(number).Current), unit, description);
    }

    private void OfWorker(string name, string unit, string description, Func<WorkerTotal, long> read)
    {
        var number = Next();
        _meter.CreateObservableCounter(
            name, () => _snapshots.Get(number).Workers.Select(worker => new Measurement<long>(read(worker.Total), worker.Tag)), unit, description);
    }

    private void Level(string name, string? unit, string description, Func<RuntimeSnapshot, long> read)
    {
        var number = Next();
        _meter.CreateObservableUpDownCounter(name, () => read(_snapshots.Get(number).Current), unit, description);
    }

    private void Gauge(string name, string unit, string description, Func<RuntimeSnapshot, RuntimeSnapshot?, double> read)
    {
        var number = Next();
        _meter.CreateObservableGauge(
            name,
            () =>
            {
                var collected = _snapshots.Get(number);
                return read(collected.Current, collected.Before);
            },
            unit,
            description);
    }

    // The scheduler counts a sample of its times in buckets itself, where a histogram instrument would have to be told each of them.
    private void Quantiles(string name, string what, Func<RuntimeSnapshot, DurationHistogram> read)
    {
        foreach (var (suffix, quantile, share) in new[] { ("p50", 0.5, "half"), ("p99", 0.99, "99 %") })
        {
            Gauge(
                $"{name}.{suffix}", "s", $"What {share} of the sampled times since the last collection stayed below, of {what}.",
                (now, before) => (before is null ? read(now) : read(now).Since(read(before))).Quantile(quantile).TotalSeconds);
        }
    }
}
