using System.Diagnostics.CodeAnalysis;
using Runtime.Core.Lifecycle;

namespace Runtime.Core.Execution;

// How the work gets a thread: by being driven.
public sealed partial class SingleThreadedExecutor
{
    private const int Nobody = 0;

    // The managed id of the thread that drives, or Nobody. Changed by Interlocked. A thread finds its own id there only if it has put it there, so the
    // question "am I the driver" needs no order.
    private int _driver;

    /// <summary>Whether the calling thread is the one that drives.</summary>
    internal bool IsDriver => _driver == Environment.CurrentManagedThreadId;

    /// <summary>Runs work, and everything else that becomes ready, on the calling thread until the work has ended.</summary>
    /// <param name="work">The work. It starts behind what is ready already.</param>
    /// <param name="cancellationToken">Cancels the work.</param>
    /// <remarks>
    /// While nothing is ready the thread sleeps, until another thread brings something; with a <see cref="Timing.VirtualClock"/> that advances by itself
    /// the clock moves to the next timer instead. Other tasks stay as they are and go on in the next call.
    /// An exception that no task carries (an <c>async void</c> method, a posted delegate, a timer's callback) leaves this call; the work goes on in the next one.
    /// </remarks>
    /// <exception cref="InvalidOperationException">The executor is being driven already: by this thread, so that this is a call from its own work, or by another.</exception>
    /// <exception cref="ExecutorStalledException">Nothing can go on, and <see cref="SingleThreadedExecutorOptions.ThrowWhenStalled"/> is set.</exception>
    /// <exception cref="RuntimeNotRunningException">The executor has been stopped.</exception>
    [SuppressMessage("Usage", "VSTHRD002:Avoid problematic synchronous waits", Justification = "Has completed")]
    public void BlockOn(Func<CancellationToken, ValueTask> work, CancellationToken cancellationToken = default)
    {
        using var _ = Drive();
        var task = Spawn(work, options: null, cancellationToken);
        RunUntil(task);
        task.GetAwaiter().GetResult();
    }

    /// <summary>Runs work with a result, and everything else that becomes ready, on the calling thread until the work has ended.</summary>
    /// <typeparam name="TResult">The type of the result.</typeparam>
    /// <returns>The result.</returns>
    /// <inheritdoc cref="BlockOn(Func{CancellationToken, ValueTask}, CancellationToken)"/>
    [SuppressMessage("Usage", "VSTHRD002:Avoid problematic synchronous waits", Justification = "Has completed")]
    public TResult BlockOn<TResult>(Func<CancellationToken, ValueTask<TResult>> work, CancellationToken cancellationToken = default)
    {
        using var _ = Drive();
        var task = Spawn(work, options: null, cancellationToken);
        RunUntil(task);
        return task.GetAwaiter().GetResult();
    }

    /// <summary>Runs whatever is ready, and what that makes ready, until nothing is. Never waits, and never moves the clock.</summary>
    /// <returns>How many continuations have run: first legs of tasks, and legs after an await that had to wait.</returns>
    /// <remarks>A task that waits is kept, and goes on in a later call once it has been woken. An exception that no task carries leaves this call; what is ready stays ready.</remarks>
    /// <exception cref="InvalidOperationException">The executor is being driven already.</exception>
    /// <exception cref="RuntimeNotRunningException">The executor has been stopped.</exception>
    public int RunUntilStalled()
    {
        using var _ = Drive();
        return RunReady();
    }

    /// <summary>Lets virtual time pass: runs what is ready, moves the clock to the next timer, runs what that makes ready, and so on to the end.</summary>
    /// <param name="time">How much; zero is <see cref="RunUntilStalled"/> and what is due now.</param>
    /// <returns>How many continuations have run.</returns>
    /// <remarks>Everything finds the time at which it was due. <see cref="Timing.VirtualClock.AutoAdvance"/> makes no difference here.</remarks>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="time"/> is negative.</exception>
    /// <exception cref="InvalidOperationException">The clock is not a <see cref="Timing.VirtualClock"/>, or the executor is being driven already.</exception>
    /// <exception cref="RuntimeNotRunningException">The executor has been stopped.</exception>
    public int RunFor(TimeSpan time)
    {
        var clock = _clock ?? throw new InvalidOperationException(
            $"{nameof(RunFor)} moves the clock, which a {TimeProvider.GetType().Name} does not allow. Set {nameof(SingleThreadedExecutorOptions)}."
            + $"{nameof(SingleThreadedExecutorOptions.TimeProvider)} to a new {nameof(Timing.VirtualClock)}.");
        using var _ = Drive();
        var goal = clock.Goal(time);
        var ran = RunReady();
        while (clock.AdvanceToNext(goal))
        {
            ran += RunReady();
        }

        clock.Advance(TimeSpan.FromTicks(Math.Max(0, goal - clock.GetTimestamp())));
        return ran + RunReady();
    }

    /// <summary>Queues something to run: from the driver straight into the queue, from any other thread through the inbox. After the stop it goes to the ThreadPool.</summary>
    internal void Post(Delegate callback, object? state)
    {
        var item = new SingleThreadedContinuation(callback, state);
        if (IsDriver)
        {
            _ready.Push(item);
        }
        else if (!_inbox.TryPost(item, out var isFirst))
        {
            item.RunOnThreadPool();
        }
        else if (isFirst)
        {
            _parker.Unpark();
        }
    }

    private void RunUntil(Task task)
    {
        while (!task.IsCompleted)
        {
            if (!TryRunNext())
            {
                WaitForWork();
            }
        }
    }

    private int RunReady()
    {
        var ran = 0;
        while (TryRunNext())
        {
            ran++;
        }

        return ran;
    }

    private bool TryRunNext()
    {
        if (_inbox.HasItems)
        {
            _inbox.MoveTo(_ready);
        }

        if (_ready.Count == 0)
        {
            return false;
        }

        _ready.Pop().Run();
        RestoreContexts();
        return true;
    }

    // An async method restores what it changed; a plain delegate may have left a context, an AsyncLocal, an Activity or a suppressed flow behind.
    private void RestoreContexts()
    {
        if (SynchronizationContext.Current != _context)
        {
            SynchronizationContext.SetSynchronizationContext(_context);
        }

        if (ExecutionContext.Capture() != _ambient)
        {
            ExecutionContext.Restore(_ambient!);
        }
    }

    private void WaitForWork()
    {
        if (_clock is { AutoAdvance: true } && _clock.AdvanceToNext())
        {
            return;
        }

        if (_throwWhenStalled && !_inbox.HasItems)
        {
            throw new ExecutorStalledException(LiveTasks);
        }

        _parker.Park();
    }

    // Makes the calling thread the driver until the result is disposed.
    private Driving Drive()
    {
        var id = Environment.CurrentManagedThreadId;
        var driver = Interlocked.CompareExchange(ref _driver, id, Nobody);
        if (driver == id)
        {
            throw new InvalidOperationException(
                $"This executor is running on this thread already: its own work has called {nameof(BlockOn)}, {nameof(RunUntilStalled)}, {nameof(RunFor)} or {nameof(Stop)}, "
                + $"which would wait for itself. Await instead, or {nameof(Spawn)}.");
        }

        if (driver != Nobody)
        {
            throw new InvalidOperationException(
                $"This executor is running on another thread (managed id {driver}). One thread at a time may drive it; {nameof(Spawn)} may be called from any.");
        }

        if (_phase == RuntimeState.Terminated)
        {
            Volatile.Write(ref _driver, Nobody);
            throw new RuntimeNotRunningException(RuntimeState.Terminated);
        }

        if (_inbox.HasItems)
        {
            _inbox.MoveTo(_ready); // what came before this call goes before what this call brings
        }

        return new Driving(this);
    }

    /// <summary>The time for which a thread drives: it has our context, and gets its own back afterwards.</summary>
    private readonly ref struct Driving : IDisposable
    {
        private readonly SingleThreadedExecutor _executor;
        private readonly SynchronizationContext? _callersContext;
        private readonly bool _wasSuppressed;

        public Driving(SingleThreadedExecutor executor)
        {
            _executor = executor;
            _callersContext = SynchronizationContext.Current;
            _wasSuppressed = ExecutionContext.IsFlowSuppressed();
            if (_wasSuppressed)
            {
                ExecutionContext.RestoreFlow(); // there has to be a context to go back to after each continuation
            }

            executor._ambient = ExecutionContext.Capture();
            SynchronizationContext.SetSynchronizationContext(executor._context);
        }

        public void Dispose()
        {
            _executor.RestoreContexts(); // a continuation that threw may have left something behind
            if (_wasSuppressed)
            {
                ExecutionContext.SuppressFlow();
            }

            _executor._ambient = null; // keep no AsyncLocal of the caller alive
            SynchronizationContext.SetSynchronizationContext(_callersContext);
            Volatile.Write(ref _executor._driver, Nobody); // last: from here on another thread may drive
        }
    }
}
