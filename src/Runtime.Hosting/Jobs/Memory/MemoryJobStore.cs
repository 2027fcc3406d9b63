using System.Data.Common;

namespace Runtime.Hosting.Jobs.Memory;

/// <summary>Keeps jobs in the memory of the process: the store without configuration. It forgets them when the process ends, and says so.</summary>
/// <remarks>
/// One lock guards everything; each call holds it once, and tells the listener after it has left it. Finished jobs are kept until their retention has passed and
/// at most <see cref="MostFinished"/> of them, so that memory stays bounded.
/// </remarks>
internal sealed partial class MemoryJobStore(TimeProvider clock) : IJobStore
{
    /// <summary>How many finished jobs are kept: as many as a queue remembers by default.</summary>
    public const int MostFinished = 10_000;

    private readonly Lock _lock = new();
    private readonly Dictionary<Guid, StoredJob> _jobs = [];

    // By row, so that lists need no sorting.
    private readonly SortedDictionary<long, StoredJob> _byRow = [];

    // The queued jobs of each queue, in the order in which they are served.
    private readonly Dictionary<string, SortedSet<StoredJob>> _queued = new(StringComparer.Ordinal);
    private readonly SortedSet<StoredJob> _scheduled = new(ByDueTime.Instance);

    // Continuations by the job they wait for.
    private readonly Dictionary<Guid, List<StoredJob>> _waiting = [];

    // Who has a unique key, and until when at the latest.
    private readonly Dictionary<(string Name, string Key), (StoredJob Holder, DateTimeOffset Until)> _unique = [];

    private readonly Dictionary<string, ConcurrencyPlaces> _places = new(StringComparer.Ordinal);
    private readonly Dictionary<(JobPauseScope Scope, string Key), JobPause> _pauses = [];
    private readonly Dictionary<string, SortedSet<StoredJob>> _heldByName = new(StringComparer.Ordinal);

    // In the order in which they ended. May hold jobs that were retried or discarded since.
    private readonly Queue<(StoredJob Job, DateTimeOffset At)> _finished = new();

    private readonly SortedDictionary<string, JobSchedule> _schedules = new(StringComparer.Ordinal);
    private readonly HashSet<(string Schedule, DateTimeOffset Due)> _fired = [];

    private IJobStoreListener _listener = NoListener.Instance;
    private JobNode _node = new("", [], 1);
    private long _lastRow;
    private long _lastLease;
    private int _finishedCount;
    private bool _isClosed;

    public string Kind => "memory";

    public bool IsDurable => false;

    public ValueTask OpenAsync(JobNode node, IJobStoreListener listener, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            _node = node;
            _listener = listener;
        }

        return ValueTask.CompletedTask;
    }

    public ValueTask<DateTimeOffset> GetTimeAsync(CancellationToken cancellationToken) => new(clock.GetUtcNow());

    public ValueTask DisposeAsync()
    {
        lock (_lock)
        {
            _isClosed = true;
        }

        return ValueTask.CompletedTask;
    }

    public ValueTask<IReadOnlyList<JobReceipt>> EnqueueAsync(IReadOnlyList<NewJob> jobs, DbTransaction? transaction, CancellationToken cancellationToken)
    {
        if (transaction is not null)
        {
            throw new NotSupportedException(
                $"The jobs are kept in memory, and a {transaction.GetType().Name} cannot be joined by memory. Keep them in the transaction's own database: UseSqlite(…) or UsePostgreSql(…).");
        }

        var receipts = new JobReceipt[jobs.Count];
        var told = new Told();
        lock (_lock)
        {
            if (_isClosed)
            {
                throw new JobStoreException("The job store is closed: the process is stopping.", isTransient: false);
            }

            var now = clock.GetUtcNow();
            for (var i = 0; i < receipts.Length; i++)
            {
                receipts[i] = Add(jobs[i], now, told);
            }
        }

        told.Tell(_listener);
        return new(receipts);
    }

    private JobReceipt Add(NewJob job, DateTimeOffset now, Told told)
    {
        if (_jobs.ContainsKey(job.Id))
        {
            return new(job.Id, IsDuplicate: false);
        }

        var stored = new StoredJob(job, ++_lastRow, now);
        if (job.UniqueKey is { } key)
        {
            if (_unique.TryGetValue((job.Name, key), out var taken) && taken.Until > now)
            {
                return new(taken.Holder.Job.Id, IsDuplicate: true);
            }

            _unique[(job.Name, key)] = (stored, job.Uniqueness == JobUniqueness.ForPeriod ? now + job.UniquePeriod : DateTimeOffset.MaxValue);
        }

        _jobs.Add(job.Id, stored);
        _byRow.Add(stored.Row, stored);
        var runAt = job.Delay > TimeSpan.Zero ? now + job.Delay : job.RunAt ?? now;
        SetTimes(stored, runAt < now ? now : runAt);
        if (job.Members > 0)
        {
            stored.State = JobState.Waiting; // for its members
        }
        else if (job.After is { } parent)
        {
            WaitFor(parent, stored, now, told);
        }
        else
        {
            Admit(stored, now, told);
        }

        return new(job.Id, IsDuplicate: false);
    }

    private void WaitFor(Guid parent, StoredJob stored, DateTimeOffset now, Told told)
    {
        if (_jobs.TryGetValue(parent, out var before) && !before.IsOver)
        {
            stored.State = JobState.Waiting;
            (_waiting.TryGetValue(parent, out var waiting) ? waiting : _waiting[parent] = []).Add(stored);
            return;
        }

        Continue(stored, parent, before?.State, now, told);
    }

    // The job that this one waits for is over; null: it is no longer there.
    private void Continue(StoredJob stored, Guid parent, JobState? end, DateTimeOffset now, Told told)
    {
        if (Continuations.Releases(stored.Job.On, end))
        {
            SetTimes(stored, stored.RunAt < now ? now : stored.RunAt);
            Admit(stored, now, told);
        }
        else
        {
            End(stored, JobState.Cancelled, Continuations.Explain(parent, end, stored.Job.On), now, told);
        }
    }

    private static void SetTimes(StoredJob stored, DateTimeOffset runAt)
    {
        stored.RunAt = runAt;
        stored.DeadlineAt = stored.Job.Deadline is { } deadline ? runAt + deadline : DateTimeOffset.MaxValue;
    }

    // Scheduled when it is not yet due, queued otherwise. The only ways into those two sets.
    private void Admit(StoredJob stored, DateTimeOffset now, Told told)
    {
        stored.Rank = (int)stored.Job.Priority;
        stored.RankedAt = now;
        if (stored.RunAt > now)
        {
            stored.State = JobState.Scheduled;
            _scheduled.Add(stored);
        }
        else
        {
            stored.State = JobState.Queued;
            QueueOf(stored.Job.Queue).Add(stored);
        }

        told.Work = true;
    }

    private SortedSet<StoredJob> QueueOf(string name) => _queued.TryGetValue(name, out var queue) ? queue : _queued[name] = new(ByUrgency.Instance);

    // Takes a job that does not run out of whatever set it is in.
    private void Leave(StoredJob stored)
    {
        switch (stored.State)
        {
            case JobState.Scheduled:
                _scheduled.Remove(stored);
                break;
            case JobState.Queued:
                QueueOf(stored.Job.Queue).Remove(stored);
                break;
            case JobState.Blocked:
                if (stored.Job.ConcurrencyKey is { } key && _places.TryGetValue(key, out var places))
                {
                    places.Blocked.Remove(stored);
                    Forget(key, places);
                }

                if (_heldByName.TryGetValue(stored.Job.Name, out var held))
                {
                    held.Remove(stored);
                }

                if (stored.Job.RateKey is { } rateKey && _rates.TryGetValue(rateKey, out var rate))
                {
                    rate.Blocked.Remove(stored);
                }

                break;
            case JobState.Waiting when stored.Job.After is { } parent && _waiting.TryGetValue(parent, out var waiting):
                waiting.Remove(stored);
                if (waiting.Count == 0)
                {
                    _waiting.Remove(stored.Job.After.Value);
                }

                break;
            default:
                break;
        }
    }

    // Nobody runs under the key and nobody waits for it: it need not be remembered.
    private void Forget(string key, ConcurrencyPlaces places)
    {
        if (places.Running == 0 && places.Blocked.Count == 0)
        {
            _places.Remove(key);
        }
    }

    private sealed class ConcurrencyPlaces
    {
        public int Running { get; set; }

        public SortedSet<StoredJob> Blocked { get; } = new(ByUrgency.Instance);
    }
}
