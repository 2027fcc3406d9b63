namespace Runtime.Hosting.Health;

/// <summary>What a probe has seen.</summary>
internal enum ProbeResult
{
    /// <summary>The timer fired and its callback ran.</summary>
    Ticks,

    /// <summary>Timers fire, but no worker was free for the callback.</summary>
    CallbackWaits,

    /// <summary>No timer fires.</summary>
    Silent,
}

/// <summary>Sees for itself whether the runtime's timers tick: arms one and waits for it, by the system's clock and without holding a thread.</summary>
/// <remarks>Thread safe. Callers at the same time share one probe, so a stalled runtime does not collect timers.</remarks>
/// <param name="timers">The runtime's timers.</param>
/// <param name="fired">How many of them have fired.</param>
internal sealed class TimerProbe(TimeProvider timers, Func<long> fired)
{
    /// <summary>How long a timer of a millisecond may take: far longer than on any machine that still keeps time.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();

    // The probe that is under way, or the last one; under _lock.
    private Task<ProbeResult>? _probe;

    /// <summary>Waits for a timer of a millisecond, at most for <see cref="Patience"/>.</summary>
    public Task<ProbeResult> TickAsync(CancellationToken cancellationToken)
    {
        Task<ProbeResult> probe;
        lock (_lock)
        {
            probe = _probe is { IsCompleted: false } ? _probe : _probe = Task.Run(ProbeAsync, CancellationToken.None);
        }

        return probe.WaitAsync(cancellationToken);
    }

    private async Task<ProbeResult> ProbeAsync()
    {
        var firedBefore = fired();
        var ran = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var timer = timers.CreateTimer(
            static state => ((TaskCompletionSource)state!).TrySetResult(), ran, TimeSpan.FromMilliseconds(1), Timeout.InfiniteTimeSpan);
        try
        {
            await ran.Task.WaitAsync(Patience, TimeProvider.System);
            return ProbeResult.Ticks;
        }
        catch (TimeoutException)
        {
            return fired() != firedBefore ? ProbeResult.CallbackWaits : ProbeResult.Silent;
        }
    }
}
