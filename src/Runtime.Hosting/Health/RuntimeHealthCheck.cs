using System.Globalization;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Runtime.Core;
using Runtime.Core.Lifecycle;
using Runtime.Core.Tuning;
using Runtime.Hosting.Configuration;
using Runtime.Hosting.Jobs;
using Runtime.Hosting.Queues;

namespace Runtime.Hosting.Health;

/// <summary>How the runtime is. Unhealthy: it does not run, or its timers or its event loop stand still. Degraded: work or timers wait too long for a worker, a queue is nearly full, a tuning strategy hangs, or a reload was refused.</summary>
internal sealed class RuntimeHealthCheck(AsyncRuntime runtime, BackgroundQueues queues, JobEngine jobs, LiveOptions options, TimerProbe probe, Tuner tuner) : IHealthCheck
{
    /// <summary>The name under which the check is registered.</summary>
    public const string Name = "async-runtime";

    // Above this a queue has little left for the next burst, and there is still time to act.
    private const double NearlyFull = 0.8;

    // A timer is overdue by some milliseconds under load; by a second only when nobody looks after timers.
    private static readonly TimeSpan LongestOverdue = TimeSpan.FromSeconds(1);

    // Somebody looks every 20 ms at the latest, whatever the workers do.
    private static readonly TimeSpan LongestUnattended = TimeSpan.FromSeconds(1);

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var probed = runtime.State == RuntimeState.Running ? await probe.TickAsync(cancellationToken) : ProbeResult.Ticks;
        var snapshot = runtime.Snapshot();
        var queueSnapshots = queues.Snapshot();
        var broken = new List<string>();
        if (snapshot.State != RuntimeState.Running)
        {
            broken.Add($"The runtime is {snapshot.State}.");
        }
        else if (snapshot.Timers.Overdue > LongestOverdue)
        {
            broken.Add($"Timers stand still: one is overdue by {Seconds(snapshot.Timers.Overdue)} s.");
        }
        else if (probed == ProbeResult.Silent)
        {
            broken.Add($"Timers stand still: one of a millisecond did not fire within {Seconds(TimerProbe.Patience)} s.");
        }

        if (EventLoopProblem(snapshot.IO) is { } problem)
        {
            broken.Add(problem);
        }

        var reasons = Degradations(snapshot, queueSnapshots);
        if (probed == ProbeResult.CallbackWaits)
        {
            // Not Unhealthy: the process still answers requests, and taking it away would not give the workers less to do.
            reasons.Add($"All workers are busy: a timer's callback has waited {Seconds(TimerProbe.Patience)} s for one.");
        }

        var status = broken.Count > 0 ? HealthStatus.Unhealthy : reasons.Count > 0 ? HealthStatus.Degraded : HealthStatus.Healthy;
        var description = status == HealthStatus.Healthy ? "The runtime runs." : string.Join(' ', broken.Concat(reasons));

        // An application may have registered this check with a milder failure status; it decides.
        return new HealthCheckResult(
            status == HealthStatus.Unhealthy ? context.Registration.FailureStatus : status, description, data: HealthData.Of(snapshot, queueSnapshots, jobs, tuner));
    }

    /// <summary>What is wrong with the event loop, if anything.</summary>
    internal static string? EventLoopProblem(IoSnapshot io) => io.Unattended <= LongestUnattended
        ? null
        : $"The event loop stands still: nobody has asked for events for {Seconds(io.Unattended)} s, and {io.Registrations.ToString(CultureInfo.InvariantCulture)} handles are registered.";

    /// <summary>What is wrong with the tuner, if anything.</summary>
    internal static string? TunerProblem((string Strategy, TimeSpan For)? stuck) => stuck is { } inside
        ? $"The tuner stands still: its strategy {Printable.Text(inside.Strategy)} has not returned for {Seconds(inside.For)} s. Restart, or mend the strategy."
        : null;

    private List<string> Degradations(RuntimeSnapshot snapshot, IReadOnlyList<QueueSnapshot> queueSnapshots)
    {
        var threshold = options.CurrentValue.StarvationThreshold;
        var reasons = new List<string>();
        if (options.Failure is { } failure)
        {
            reasons.Add($"The configuration could not be reloaded; the old settings stay. {failure}");
        }

        if (jobs.Trouble is { } trouble)
        {
            // Not Unhealthy: what runs in memory runs, and a restart would not bring the store back.
            reasons.Add($"The job store ({jobs.Store.Kind}) does not answer. {trouble}");
        }

        if (TunerProblem(tuner.Stuck) is { } stuck)
        {
            reasons.Add(stuck);
        }

        if (snapshot.LongestWait > threshold)
        {
            reasons.Add($"Work has waited {Seconds(snapshot.LongestWait)} s for a worker; the starvation threshold is {Seconds(threshold)} s.");
        }

        if (snapshot.Memory is { MaxBytes: > 0 } memory && memory.RentedBytes >= memory.MaxBytes * NearlyFull)
        {
            reasons.Add(string.Create(
                CultureInfo.InvariantCulture,
                $"The buffer pool is at its bound: {memory.RentedBytes} of {memory.MaxBytes} bytes are rented, {memory.Waiting} rents wait, {memory.Fallbacks} were served outside of it."));
        }

        if (snapshot.Cleanup.Backlog >= snapshot.Cleanup.Capacity)
        {
            reasons.Add(string.Create(
                CultureInfo.InvariantCulture,
                $"The cleanup does not keep up: {snapshot.Cleanup.Backlog} retired things wait, {snapshot.Cleanup.Capacity} may; whoever retires more has to release some."));
        }

        foreach (var queue in queueSnapshots)
        {
            if (queue.Queued > queue.Capacity * NearlyFull)
            {
                reasons.Add($"The queue '{queue.Name}' is {(100L * queue.Queued / queue.Capacity).ToString(CultureInfo.InvariantCulture)} % full ({queue.Queued} of {queue.Capacity}).");
            }

            if (queue.OldestWait > threshold)
            {
                reasons.Add($"An item of the queue '{queue.Name}' has waited {Seconds(queue.OldestWait)} s; the starvation threshold is {Seconds(threshold)} s.");
            }
        }

        return reasons;
    }

    private static string Seconds(TimeSpan time) => time.TotalSeconds.ToString("0.###", CultureInfo.InvariantCulture);
}
