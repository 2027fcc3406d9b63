using System.Diagnostics.CodeAnalysis;
using System.Runtime.ExceptionServices;
using Runtime.Core.Concurrency;
using Runtime.Core.Lifecycle;

namespace Runtime.Core.Execution;

// How the work ends.
public sealed partial class SingleThreadedExecutor
{
    // How many continuations a stop runs before it gives up on work that ignores its token and never waits. A hundred milliseconds or so.
    private const int MostContinuationsOfAStop = 1_000_000;

    // Cancelled by Stop. Never disposed: it owns no timer and no handle, and its token stays readable after the stop.
    [SuppressMessage("Usage", "CA2213:Disposable fields should be disposed", Justification = "See above")]
    private readonly CancellationTokenSource _stopping = new();

    // The execution context of the caller that drives, which each continuation is run in unless it brings its own. Driver only.
    private ExecutionContext? _ambient;

    // Running, ShuttingDown from the cancellation on, Terminated when the inbox is closed. Written by the driver.
    private volatile RuntimeState _phase = RuntimeState.Running;

    // Tasks that have ended here since the stop began, and those of them that ended as cancelled. Driver only.
    private int _ended;
    private int _cancelled;

    private ShutdownReport? _report;

    /// <summary>Stops: cancels the token of all work, runs what is ready so that the work can end, and gives up on the rest.</summary>
    /// <returns>What became of the tasks that were live. Later calls return the same.</returns>
    /// <remarks>
    /// Does not wait, and does not move a virtual clock: a task that waits for something else than its token is abandoned. Its continuations go to
    /// the ThreadPool when they come, so a <c>finally</c> block still runs. Work that started more after this point finds it cancelled.
    /// An exception that no task carries leaves this call, after the stop, the first of them if there are several.
    /// </remarks>
    /// <exception cref="InvalidOperationException">The executor is being driven: by this thread, so that this is a call from its own work, or by another.</exception>
    public ShutdownReport Stop()
    {
        if (_phase == RuntimeState.Terminated)
        {
            return _report!;
        }

        var began = MonotonicClock.Timestamp;
        Exception? failure;
        using (Drive())
        {
            _phase = RuntimeState.ShuttingDown;
            failure = RunToTheEnd();
            _inbox.Close();
            _inbox.MoveTo(_ready);
            while (_ready.Count > 0)
            {
                _ready.Pop().RunOnThreadPool();
            }

            _clock?.Detach();
            _report = new ShutdownReport(_ended - _cancelled, _cancelled, LiveTasks, MonotonicClock.ToDuration(MonotonicClock.Timestamp - began));
            _phase = RuntimeState.Terminated;
        }

        _parker.Dispose();
        if (failure is not null)
        {
            ExceptionDispatchInfo.Throw(failure);
        }

        return _report;
    }

    /// <summary>As <see cref="Stop"/>, without the report.</summary>
    public void Dispose() => Stop();

    // Cancels, and runs until nothing is ready or the budget is spent. One failure does not keep the others from their turn.
    private Exception? RunToTheEnd()
    {
        Exception? failure = null;
        try
        {
            _stopping.Cancel();
        }
        catch (AggregateException exception)
        {
            failure = exception; // from registrations of the user
        }

        for (var budget = MostContinuationsOfAStop; budget > 0; budget--)
        {
            try
            {
                if (!TryRunNext())
                {
                    break;
                }
            }
            catch (Exception exception)
            {
                failure ??= exception;
                RestoreContexts();
            }
        }

        return failure;
    }
}
