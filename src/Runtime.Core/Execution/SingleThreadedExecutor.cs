using Runtime.Core.Concurrency;
using Runtime.Core.Lifecycle;
using Runtime.Core.Timing;

namespace Runtime.Core.Execution;

/// <summary>Runs asynchronous work on the thread that calls it: in a fixed order, without a thread of its own, and, if wanted, in virtual time.</summary>
/// <remarks>
/// <para>
/// For programs with one logical thread, and for tests that are to run the same way each time. Work makes progress only inside
/// <c>BlockOn</c>, <see cref="RunUntilStalled"/> or <see cref="RunFor"/>; one thread at a time may be in one of them, different threads may take
/// turns. Everything else may be called from any thread.
/// </para>
/// <para>
/// Order: what becomes ready goes to the back of one queue, and the front one runs next; with <see cref="SingleThreadedExecutorOptions.Seed"/> the
/// next one is drawn at random. Nothing is ever refused a turn or run twice. What arrives from other threads is put behind what is ready at that moment.
/// </para>
/// <para>
/// Every await comes home, through a <see cref="SynchronizationContext"/> of its own; code after <c>ConfigureAwait(false)</c> runs on the ThreadPool
/// until the next ordinary await. Blocking in the work (<c>.Result</c>, <c>Wait()</c>) on something that needs this executor never ends.
/// </para>
/// <para>Allocation: starting work costs the task and its source, 120 bytes; queueing a continuation costs nothing. Model: Tokio's current-thread runtime.</para>
/// </remarks>
public sealed partial class SingleThreadedExecutor : ITaskSpawner, IDisposable
{
    private readonly SingleThreadedReadyQueue _ready;
    private readonly SingleThreadedInbox _inbox = new();
    private readonly SingleThreadedSynchronizationContext _context;
    private readonly SingleThreadedTaskScheduler _taskScheduler;
    private readonly Parker _parker = Parker.Create();

    // Set when the clock is virtual.
    private readonly VirtualClock? _clock;
    private readonly bool _throwWhenStalled;

    // Tasks that have not ended: those counted by the driver, plainly, and by other threads, by Interlocked. One alone may be negative.
    private int _liveOfDriver;
    private int _liveOfOthers;

    /// <summary>Creates an executor.</summary>
    /// <param name="options">Its order and its clock; <see langword="null"/> for first in, first out and real time.</param>
    /// <exception cref="ArgumentException"><see cref="SingleThreadedExecutorOptions.ThrowWhenStalled"/> is set without a <see cref="VirtualClock"/>.</exception>
    /// <exception cref="InvalidOperationException">The <see cref="VirtualClock"/> belongs to another executor.</exception>
    public SingleThreadedExecutor(SingleThreadedExecutorOptions? options = null)
    {
        options ??= new SingleThreadedExecutorOptions();
        if (options.TimeProvider is null)
        {
            throw new ArgumentException($"{nameof(options.TimeProvider)} is null; it must be a clock. Leave it out for real time.", nameof(options));
        }

        _clock = options.TimeProvider as VirtualClock;
        if (options.ThrowWhenStalled && _clock is null)
        {
            throw new ArgumentException(
                $"{nameof(options.ThrowWhenStalled)} is true with a {options.TimeProvider.GetType().Name}; it needs a {nameof(VirtualClock)}, because no other clock "
                + $"can tell whether a timer is armed. Set {nameof(options.TimeProvider)} to a new {nameof(VirtualClock)}.",
                nameof(options));
        }

        _throwWhenStalled = options.ThrowWhenStalled;
        TimeProvider = options.TimeProvider;
        _ready = new SingleThreadedReadyQueue(options.Seed);
        _context = new SingleThreadedSynchronizationContext(this);
        _taskScheduler = new SingleThreadedTaskScheduler(this);
        Action<object?> runTimer = static timer => ((VirtualTimer)timer!).Run();
        _clock?.Attach(timer => Post(runTimer, timer));
    }

    /// <summary>Gets the executor whose work the caller is, if any.</summary>
    public static SingleThreadedExecutor? Current => (SynchronizationContext.Current as SingleThreadedSynchronizationContext)?.Executor;

    /// <summary>Gets the clock of the options. Timers of a <see cref="VirtualClock"/> call back on this executor; those of other clocks wherever these call back, and awaits come home.</summary>
    public TimeProvider TimeProvider { get; }

    /// <summary>Gets a task scheduler that runs tasks here, e.g. for a <see cref="TaskFactory"/>. It takes no notice of <see cref="TaskCreationOptions.LongRunning"/>.</summary>
    public TaskScheduler TaskScheduler => _taskScheduler;

    /// <summary>Gets the context that the work runs in: what is posted to it runs here.</summary>
    public SynchronizationContext SynchronizationContext => _context;

    /// <summary>Gets a token that is cancelled by <see cref="Stop"/>; all work gets it as its own.</summary>
    public CancellationToken Stopping => _stopping.Token;

    /// <summary>Gets how many tasks have been started and not ended, <c>BlockOn</c>'s own included. Exact while nothing runs.</summary>
    public int LiveTasks => Volatile.Read(ref _liveOfDriver) + Volatile.Read(ref _liveOfOthers);

    /// <summary>Starts asynchronous work: puts it at the back of the queue.</summary>
    /// <param name="work">The work. Its token is cancelled by <paramref name="cancellationToken"/> and by <see cref="Stop"/>.</param>
    /// <param name="options">Taken for the sake of <see cref="ITaskSpawner"/>. There is one order here: priority and deadline do not change it.</param>
    /// <param name="cancellationToken">Cancels the work; before it has started, the delegate is never called.</param>
    /// <returns>A task that ends with the work: with its exception when it throws, cancelled when it ends with an <see cref="OperationCanceledException"/>.</returns>
    /// <remarks>May be called from any thread. The caller's <see cref="ExecutionContext"/> flows. Never runs any part of the work inside this call.</remarks>
    /// <exception cref="ArgumentNullException"><paramref name="work"/> is <see langword="null"/>.</exception>
    /// <exception cref="RuntimeNotRunningException">The executor has been stopped.</exception>
    public Task Spawn(Func<CancellationToken, ValueTask> work, SpawnOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(work);
        if (!TryAccept())
        {
            return Task.FromCanceled(Stopping);
        }

        var item = new SingleThreadedAction(new SingleThreadedOrigin(this, LinkedTo(cancellationToken)), work);
        var task = item.Task; // before another thread may run it
        Post(SingleThreadedAction.Entry, item);
        return task;
    }

    /// <summary>Starts asynchronous work with a result: puts it at the back of the queue.</summary>
    /// <typeparam name="TResult">The type of the result.</typeparam>
    /// <inheritdoc cref="Spawn(Func{CancellationToken, ValueTask}, SpawnOptions?, CancellationToken)"/>
    public Task<TResult> Spawn<TResult>(Func<CancellationToken, ValueTask<TResult>> work, SpawnOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(work);
        if (!TryAccept())
        {
            return Task.FromCanceled<TResult>(Stopping);
        }

        var item = new SingleThreadedFunction<TResult>(new SingleThreadedOrigin(this, LinkedTo(cancellationToken)), work);
        var task = item.Task;
        Post(SingleThreadedFunction<TResult>.Entry, item);
        return task;
    }

    // The work's source: that of all work, or one of its own when the caller can cancel too.
    private CancellationTokenSource LinkedTo(CancellationToken cancellationToken) =>
        cancellationToken.CanBeCanceled ? CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, Stopping) : _stopping;

    /// <summary>Whether a continuation runs in this context without further ado. Driver only; elsewhere the answer is no.</summary>
    internal bool IsAmbient(ExecutionContext context) => IsDriver && _ambient == context;

    /// <summary>Counts the end of work that was accepted, and disposes what it had of its own.</summary>
    internal void End(CancellationTokenSource source, bool cancelled)
    {
        if (source != _stopping)
        {
            source.Dispose();
        }

        if (CountLive(-1) && _phase == RuntimeState.ShuttingDown)
        {
            _ended++;
            _cancelled += cancelled ? 1 : 0;
        }
    }

    // Counts a task that is about to start. False for work that starts more while it is being stopped: that ends as cancelled at once.
    private bool TryAccept()
    {
        if (_stopping.IsCancellationRequested)
        {
            return IsDriver ? false : throw new RuntimeNotRunningException(_phase == RuntimeState.Terminated ? RuntimeState.Terminated : RuntimeState.ShuttingDown);
        }

        CountLive(1);
        return true;
    }

    // Says whether the caller is the driver.
    private bool CountLive(int change)
    {
        if (IsDriver)
        {
            _liveOfDriver += change;
            return true;
        }

        Interlocked.Add(ref _liveOfOthers, change);
        return false;
    }
}
