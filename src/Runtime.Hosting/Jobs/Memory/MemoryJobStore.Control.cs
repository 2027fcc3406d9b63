using System.Globalization;
using System.Text;

namespace Runtime.Hosting.Jobs.Memory;

/// <summary>What people and programs ask and change from outside.</summary>
internal sealed partial class MemoryJobStore
{
    public ValueTask<JobInfo?> GetAsync(Guid id, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            return new(_jobs.TryGetValue(id, out var stored) ? stored.ToInfo(_node.Name, whole: true) : null);
        }
    }

    public ValueTask WatchAsync(Guid id, CancellationToken cancellationToken) => ValueTask.CompletedTask; // this process alone ends jobs, and it hears of every end

    public ValueTask<JobPage> ListAsync(JobFilter filter, CancellationToken cancellationToken)
    {
        var before = filter.From is { } from ? long.Parse(from, NumberStyles.None, CultureInfo.InvariantCulture) : long.MaxValue;
        lock (_lock)
        {
            var found = Matching(filter).Where(stored => stored.Row < before).OrderByDescending(static stored => stored.Row).Take(filter.PageSize + 1).ToList();
            var page = found.Take(filter.PageSize).Select(stored => stored.ToInfo(_node.Name, whole: false)).ToList();
            return new(new JobPage(page, found.Count > page.Count ? found[page.Count - 1].Row.ToString(CultureInfo.InvariantCulture) : null));
        }
    }

    public ValueTask<IReadOnlyDictionary<JobState, long>> CountAsync(JobFilter filter, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            return new(Matching(filter).GroupBy(static stored => stored.State).ToDictionary(static group => group.Key, static group => group.LongCount()));
        }
    }

    public ValueTask<JobCancellation> CancelAsync(Guid id, string? reason, CancellationToken cancellationToken)
    {
        var told = new Told();
        JobCancellation result;
        lock (_lock)
        {
            result = Cancel(id, reason, told);
        }

        told.Tell(_listener);
        return new(result);
    }

    public ValueTask<long> CancelAsync(JobFilter filter, string? reason, CancellationToken cancellationToken)
    {
        var told = new Told();
        long count;
        lock (_lock)
        {
            var found = Matching(filter).Where(static stored => !stored.IsOver).ToList();
            var rows = found.ToDictionary(static stored => stored.Job.Id, static stored => stored.Row);
            count = Continuations.InOrderOfCancelling(found, static stored => stored.Row, stored => stored.Job.Batch is { } batch && rows.TryGetValue(batch, out var row) ? row : null)
                .LongCount(stored => Cancel(stored.Job.Id, reason, told) is JobCancellation.Cancelled or JobCancellation.Requested);
        }

        told.Tell(_listener);
        return new(count);
    }

    public ValueTask<long> RetryAsync(JobFilter filter, CancellationToken cancellationToken)
    {
        var told = new Told();
        var count = 0L;
        lock (_lock)
        {
            var now = clock.GetUtcNow();
            foreach (var stored in Matching(filter).Where(static stored => stored.State is JobState.Failed or JobState.Cancelled or JobState.Parked && !stored.Job.IsMarker)
                .OrderBy(static stored => stored.Job.Members > 0).ToList()) // members first: the end of their batch then waits for them
            {
                count += TryRenew(stored, now, told) ? 1 : 0;
            }
        }

        told.Tell(_listener);
        return new(count);
    }

    public ValueTask<long> DiscardAsync(JobFilter filter, CancellationToken cancellationToken)
    {
        var told = new Told();
        var count = 0L;
        lock (_lock)
        {
            var now = clock.GetUtcNow();
            foreach (var stored in Matching(filter).Where(static stored => stored.State != JobState.Running).ToList())
            {
                if (!stored.IsOver)
                {
                    EndUnrun(stored, "It was discarded.", now, told);
                }

                Drop(stored);
                told.Ended(stored.Job.Id);
                count++;
            }
        }

        told.Tell(_listener);
        return new(count);
    }

    public ValueTask<int> PurgeAsync(TimeSpan retention, int atMost, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            ForgetRates(clock.GetUtcNow());
            return new(DropFinished(MostFinished, clock.GetUtcNow() - retention, atMost));
        }
    }

    public ValueTask PauseAsync(JobPause pause, CancellationToken cancellationToken)
    {
        var told = new Told { Work = true };
        lock (_lock)
        {
            _pauses[(pause.Scope, pause.Key)] = pause;
            if (pause.Scope == JobPauseScope.Queue)
            {
                // The places that its jobs were queued for are those of other queues meanwhile.
                foreach (var stored in QueueOf(pause.Key).Where(static stored => stored.Job.ConcurrencyKey is not null).ToList())
                {
                    PassOnPlace(stored, told);
                }
            }
        }

        told.Tell(_listener);
        return ValueTask.CompletedTask;
    }

    public ValueTask<bool> ResumeAsync(JobPauseScope scope, string key, CancellationToken cancellationToken)
    {
        var told = new Told { Work = true, Schedules = scope == JobPauseScope.Schedule };
        bool wasPaused;
        lock (_lock)
        {
            wasPaused = Resume(scope, key, told);
        }

        told.Tell(_listener);
        return new(wasPaused);
    }

    public ValueTask<IReadOnlyList<JobPause>> ListPausesAsync(CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            EndPauses(clock.GetUtcNow());
            return new(_pauses.Values.OrderBy(static pause => pause.Scope).ThenBy(static pause => pause.Key, StringComparer.Ordinal).ToList());
        }
    }

    private JobCancellation Cancel(Guid id, string? reason, Told told)
    {
        if (!_jobs.TryGetValue(id, out var stored))
        {
            return JobCancellation.NotFound;
        }

        if (stored.IsOver)
        {
            return JobCancellation.AlreadyOver;
        }

        if (stored.State == JobState.Running)
        {
            stored.CancelRequested = true;
            stored.Reason = reason;
            told.Cancel(id, reason);
            return JobCancellation.Requested;
        }

        EndUnrun(stored, reason, clock.GetUtcNow(), told);
        return JobCancellation.Cancelled;
    }

    // One that is queued may have been so because a place under its key had become free: the place is the next one's.
    private void EndUnrun(StoredJob stored, string? reason, DateTimeOffset now, Told told)
    {
        var mayHavePlace = stored.State == JobState.Queued;
        Leave(stored);
        End(stored, JobState.Cancelled, reason, now, told);
        if (mayHavePlace)
        {
            PassOnPlace(stored, told);
        }
    }

    // A job that is over has given its unique key back; one that is to live again needs it, and stays as it is when another one has it by now.
    private bool TryRenew(StoredJob stored, DateTimeOffset now, Told told)
    {
        if (stored is { IsOver: true, Job: { UniqueKey: { } key, Uniqueness: not JobUniqueness.ForPeriod } })
        {
            if (_unique.TryGetValue((stored.Job.Name, key), out var taken) && taken.Until > now && !ReferenceEquals(taken.Holder, stored))
            {
                return false;
            }

            _unique[(stored.Job.Name, key)] = (stored, DateTimeOffset.MaxValue);
        }

        if (stored.IsOver)
        {
            _finishedCount--;
            if (stored.Job.Batch is { } id && _jobs.TryGetValue(id, out var batch) && batch.State == JobState.Waiting)
            {
                batch.MembersLeft++; // it will end once more
            }
        }

        stored.Attempt = 0;
        stored.Crashes = 0;
        stored.CancelRequested = false;
        stored.Reason = null;
        stored.FinishedAt = null;
        SetTimes(stored, now);
        stored.MembersLeft = stored.Job.Members == 0 ? 0 : _jobs.Values.Count(member => member.Job.Batch == stored.Job.Id && !member.IsOver);
        if (stored.MembersLeft > 0)
        {
            stored.State = JobState.Waiting; // the end of a batch runs when its members are over, also when it is tried again before
            return true;
        }

        Admit(stored, now, told);
        return true;
    }

    private bool Resume(JobPauseScope scope, string key, Told told)
    {
        if (!_pauses.Remove((scope, key)))
        {
            return false;
        }

        if (scope is JobPauseScope.Name or JobPauseScope.Queue)
        {
            foreach (var stored in scope == JobPauseScope.Name && _heldByName.Remove(key, out var held) ? held : [])
            {
                Unblock(stored, told);
            }

            // Those that wait for a place were passed over meanwhile: the claim decides.
            foreach (var places in _places.Values)
            {
                foreach (var stored in places.Blocked.Where(stored => (scope == JobPauseScope.Name ? stored.Job.Name : stored.Job.Queue) == key).ToList())
                {
                    places.Blocked.Remove(stored);
                    Unblock(stored, told);
                }
            }
        }

        return true;
    }

    private void EndPauses(DateTimeOffset now)
    {
        foreach (var (scope, key) in _pauses.Values.Where(pause => pause.Until <= now).Select(static pause => (pause.Scope, pause.Key)).ToList())
        {
            Resume(scope, key, new Told());
        }
    }

    private IEnumerable<StoredJob> Matching(JobFilter filter)
    {
        var text = filter.Text is null ? null : Encoding.UTF8.GetBytes(filter.Text);
        var candidates = filter.Ids.Count > 0 ? filter.Ids.Distinct().Select(id => _jobs.GetValueOrDefault(id)).OfType<StoredJob>() : _byRow.Values;
        return candidates.Where(stored =>
            (filter.States.Count == 0 || filter.States.Contains(stored.State))
            && (filter.Name is null || filter.Name == stored.Job.Name)
            && (filter.Queue is null || filter.Queue == stored.Job.Queue)
            && (filter.Schedule is null || filter.Schedule == stored.Job.Schedule)
            && (filter.Batch is null || filter.Batch == stored.Job.Batch)
            && (filter.Tag is null || stored.Job.Tags.Contains(filter.Tag, StringComparer.Ordinal))
            && (text is null || stored.Job.Arguments.Span.IndexOf(text) >= 0));
    }
}
