using System.Diagnostics;
using Runtime.Core.Lifecycle;

namespace Runtime.Hosting.Queues;

/// <summary>The in-memory queue: pending order, concurrency, keys, delays and counters of one named queue, all under one lock; plain items come in without it.</summary>
/// <remarks>
/// <para>
/// Late binding: an item stays in this queue's own lanes until the moment it starts. What the runtime gets are pumps
/// (<see cref="QueuePump"/>); a pump on a worker takes the best item, runs it until it ends or awaits, and takes the next. So a late
/// urgent item overtakes everything that has not started, and a pump that blocks in user code strands nothing.
/// </para>
/// <para>
/// Flow: enqueue (Enqueue, FullModes) → lanes, or the timer first (Delay) → pump (Pump, Keys) → run → end (Ending). Methods that end in
/// <c>_NeedsLock</c> are called under <see cref="_lock"/>; they decide, and put what must be done outside it into an <see cref="Afterwork"/>.
/// No user code, no timer, no log and no waiter runs under the lock.
/// </para>
/// </remarks>
internal sealed partial class BackgroundQueue
{
    private readonly QueueServices _services;
    private readonly QueueReporter _reporter;

    // Protects everything below, and the fields of the entries that say so.
    private readonly Lock _lock = new();

    // Items that can be taken; see WorkLanes for the order.
    private readonly WorkLanes _lanes = new(WorkPlace.Lanes);

    // Items whose delay is not over. In lanes too, for the sake of the oldest and the last: the full modes must find them.
    private readonly WorkLanes _delayed = new(WorkPlace.Delayed);

    private readonly KeyTable _keys = new();

    // The live item of each unique key.
    private readonly Dictionary<string, WorkHandle> _unique = new(StringComparer.Ordinal);

    private readonly WorkHistory _history = new();

    // Written under the lock; Capacity is read without it.
    private QueueSettings _settings;

    // Moves forward only: Uninitialized, Running, ShuttingDown, Terminated.
    private RuntimeState _state;

    public BackgroundQueue(string name, int number, QueueServices services, QueueSettings settings)
    {
        Name = name;
        Number = number;
        _services = services;
        _settings = settings;
        _mostUnreturned = MostUnreturned(settings);
        SetAdmission_NeedsLock(settings.Admission); // nobody else has it yet
        _lanes.SetWeights(settings.ShareWeights);
        _drain = new DrainRate(services.Clock.Frequency);
        _reporter = new QueueReporter(name, services.Logger, services.Tracer, new QueueRecorder(name, services.Metrics, services.Clock));
    }

    public string Name { get; }

    /// <summary>The queue's place in its registry; part of the ids of its items.</summary>
    public int Number { get; }

    public QueueClock Clock => _services.Clock;

    /// <summary>Begins to accept work.</summary>
    public void Start()
    {
        lock (_lock)
        {
            if (_state != RuntimeState.Uninitialized)
            {
                return;
            }

            _state = RuntimeState.Running;
            _intake.Open();
        }

        _services.Runtime.AddLookout(OnLook);
    }

    /// <summary>Puts new settings in force. No item is lost: when the capacity falls below the count, new items wait or are refused until it fits.</summary>
    /// <remarks>Enqueues that wait go on waiting whatever the new full mode, since they began under the old one.</remarks>
    public void Reconfigure(QueueSettings settings)
    {
        var after = default(Afterwork);
        lock (_lock)
        {
            var now = Clock.Now;
            Collect_NeedsLock(now);
            Recall_NeedsLock(now);
            _settings = settings;
            _mostUnreturned = MostUnreturned(settings);
            SetAdmission_NeedsLock(settings.Admission);
            _lanes.SetWeights(settings.ShareWeights);
            _history.Trim(_finished, settings.HistorySize);
            AdmitWaiters_NeedsLock(now, ref after);
            EnsurePump_NeedsLock(now, ref after);
            Leave_NeedsLock(now, ref after);
        }

        after.Run(this);
    }

    // A sixteenth of the capacity, and no more than half a turn of a pump.
    private static int MostUnreturned(QueueSettings settings) => Math.Clamp(settings.Capacity / 16, 1, ItemsPerTurn / 2);

    [Conditional("DEBUG")]
    private void AssertInvariants_NeedsLock()
    {
        Debug.Assert(_lock.IsHeldByCurrentThread, "The lock must be held.");
        Debug.Assert(_held == _lanes.Count + _delayed.Count + _keys.BlockedCount + _claimers.Sum(pump => pump.Claims.Unbooked), "Every item that is held is in exactly one structure.");
        Debug.Assert(_intake.Reserved >= _held + _unreturned, "Every item that is held has a place.");
        Debug.Assert(_accepted == _held + _running + _succeeded + _failed + _cancelled + _dropped + _abandoned, "The counters add up.");
        Debug.Assert(_firstWaiter is null || _intake.Reserved >= _settings.Capacity, "Nobody waits while there is room.");
        Debug.Assert(_lanes.Count == 0 || _running >= _settings.MaxConcurrency || _dispatchedLevels != 0 || _lingering || IsBrisk_NeedsLock,
            "While items can be taken, a pump is on its way.");
    }
}
