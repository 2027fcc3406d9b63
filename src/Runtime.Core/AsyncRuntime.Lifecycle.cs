using Runtime.Core.Concurrency;
using Runtime.Core.Lifecycle;
using Runtime.Core.Scheduling;

namespace Runtime.Core;

// How the runtime starts and stops.
public sealed partial class AsyncRuntime
{
    // How long a stop waits for workers to leave user code after the cancelled work has had its time.
    private static readonly TimeSpan JoinTimeout = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    // Completed when some caller of StopAsync will not wait for the drain any longer.
    private readonly TaskCompletionSource _cutShort = new(TaskCreationOptions.RunContinuationsAsynchronously);

    // Completed by the end that leaves nothing live, once the stop has begun.
    private readonly TaskCompletionSource _drained = new(TaskCreationOptions.RunContinuationsAsynchronously);

    // Cancelled when a stop has begun. Never disposed: it owns no timer and no handle.
    private readonly CancellationTokenSource _stopBegun = new();

    // The one stop, shared by all callers; under _gate.
    private Task<ShutdownReport>? _stop;

    // How much may be left for the drain to count as done: 1 when the stop was asked for by work of this runtime itself. Set before the stop begins.
    private int _drainTarget;

    /// <summary>Gets a token that is cancelled when a stop begins, before the drain: for what would start more work.</summary>
    internal CancellationToken StopBegun => _stopBegun.Token;

    /// <summary>Starts the threads. Starting a running runtime again does nothing.</summary>
    /// <param name="cancellationToken">Keeps the start from beginning.</param>
    /// <returns>A completed task.</returns>
    /// <exception cref="InvalidStateTransitionException">The runtime is stopping or has been stopped.</exception>
    public Task StartAsync(CancellationToken cancellationToken = default)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return Task.FromCanceled(cancellationToken);
        }

        lock (_gate)
        {
            if (State == RuntimeState.Running)
            {
                return Task.CompletedTask;
            }

            _lifecycle.Transition(RuntimeState.Initializing);
            _timers.Start();
            PlaceWorkers(_options);
            _dispatcher.Scheduler.Start(EffectiveWorkers(_options));
            _lifecycle.Transition(RuntimeState.Running);
            return Task.CompletedTask;
        }
    }

    /// <summary>
    /// Stops: refuses new work, waits for what is there until <see cref="ShutdownOptions.DrainTimeout"/>, then cancels its tokens and waits for
    /// <see cref="ShutdownOptions.CancelTimeout"/>, then ends the threads and reports. Every caller gets the same report.
    /// </summary>
    /// <param name="cancellationToken">Cuts the drain short: tokens are cancelled at once. The stop still ends in order and reports.</param>
    /// <returns>What became of the work that was live when the stop began.</returns>
    /// <remarks>
    /// Stopping a runtime that never started reports nothing and leaves it startable. Work of the runtime itself may call this; that work then
    /// counts as abandoned, because it goes on after the stop. Later continuations of abandoned work run on the ThreadPool.
    /// </remarks>
    public Task<ShutdownReport> StopAsync(CancellationToken cancellationToken = default)
    {
        Task<ShutdownReport> stop;
        lock (_gate)
        {
            if (State == RuntimeState.Uninitialized)
            {
                return Task.FromResult(new ShutdownReport(0, 0, 0, TimeSpan.Zero));
            }

            if (_stop is null)
            {
                _drainTarget = Execution.RuntimeSynchronizationContext.Current?.Dispatcher == _dispatcher ? 1 : 0;
                _stop = Task.Run(StopCoreAsync, CancellationToken.None); // on the ThreadPool: nothing of it may depend on the workers it ends
            }

            stop = _stop;
        }

        return cancellationToken.CanBeCanceled ? CutShortOn(stop, cancellationToken) : stop;
    }

    private async Task<ShutdownReport> CutShortOn(Task<ShutdownReport> stop, CancellationToken cancellationToken)
    {
        await using (cancellationToken.UnsafeRegister(static state => ((TaskCompletionSource)state!).TrySetResult(), _cutShort).ConfigureAwait(false))
        {
            return await stop.ConfigureAwait(false);
        }
    }

    private async Task<ShutdownReport> StopCoreAsync()
    {
        var began = MonotonicClock.Timestamp;
        _dispatcher.Ledger.BeginStop(SignalIfDrained);
        _lifecycle.Transition(RuntimeState.ShuttingDown);
        await _stopBegun.CancelAsync().ConfigureAwait(false);
        WorkLedger.AwaitStopSeen();
        SignalIfDrained();

        var options = Volatile.Read(ref _options).Shutdown;
        await WaitAsync(options.DrainTimeout, _cutShort.Task).ConfigureAwait(false);
        if (!_drained.Task.IsCompleted)
        {
            _dispatcher.Ledger.CutOff();
            await _dispatcher.CancelAsync().ConfigureAwait(false);
            await WaitAsync(options.CancelTimeout, cut: null).ConfigureAwait(false);
        }

        // While there are workers for it, and after the work that may still retire something.
        var left = options.DrainTimeout - MonotonicClock.ToDuration(MonotonicClock.Timestamp - began);
        await Cleanup.CloseAsync(left > options.CancelTimeout && !_cutShort.Task.IsCompleted ? left : options.CancelTimeout).ConfigureAwait(false);

        // Nothing that is still alive may start more: the last look at the ledger must be the final one.
        _dispatcher.Ledger.CutOff();
        _eventLoop.Close(); // while there are workers to go on with what waited
        await _dispatcher.Scheduler.CloseAsync(JoinTimeout).ConfigureAwait(false);
        _eventLoop.Release();
        _dispatcher.CloseBlocking();
        _timers.Stop();
        var report = new ShutdownReport(
            _dispatcher.Ledger.CompletedWhileStopping,
            _dispatcher.Ledger.CancelledWhileStopping,
            Math.Max(0, _dispatcher.Ledger.Live - _dispatcher.Ledger.LateLive),
            MonotonicClock.ToDuration(MonotonicClock.Timestamp - began));
        _lifecycle.Transition(RuntimeState.Terminated);
        _metrics.Dispose(); // a meter of our own is held by the process for as long as it is not disposed, and this runtime with it
        return report;
    }

    // Waits until everything has ended, the time is over, or a caller will not wait any longer.
    private async Task WaitAsync(TimeSpan timeout, Task? cut)
    {
        using var over = new CancellationTokenSource();
        var timer = Task.Delay(timeout, TimeProvider.System, over.Token);
        await (cut is null ? Task.WhenAny(_drained.Task, timer) : Task.WhenAny(_drained.Task, timer, cut)).ConfigureAwait(false);
        await over.CancelAsync().ConfigureAwait(false);
    }

    private void SignalIfDrained()
    {
        if (State == RuntimeState.ShuttingDown && _dispatcher.Ledger.Live <= _drainTarget)
        {
            _drained.TrySetResult();
        }
    }
}
