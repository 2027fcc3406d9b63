namespace Runtime.Hosting.Jobs.Memory;

/// <summary>What may run now.</summary>
internal sealed partial class MemoryJobStore
{
    // How many jobs of one queue and rank are moved up in one claim: enough that none waits for ever, few enough that a claim stays short.
    private const int MostMovedUp = 64;
    private const int LooksPerThreshold = 8;

    // When that was last looked after.
    private DateTimeOffset _movedUpAt;

    public ValueTask<JobClaims> ClaimAsync(JobClaimRequest request, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            var now = clock.GetUtcNow();
            EndPauses(now);
            EndRates(now, new Told()); // whoever is to be told asks already
            Promote(now);
            MoveUp(now, request.StarvationThreshold);
            var claimed = new List<ClaimedJob>();
            var more = false;
            if (!request.Suspect && !_pauses.ContainsKey((JobPauseScope.Node, _node.Name)))
            {
                more = Take(request, now, claimed);
            }

            return new(new JobClaims(claimed, NextDue(request, now), more, SuspectWaits: false)); // no process of ours has died: the jobs died with it
        }
    }

    private bool Take(JobClaimRequest request, DateTimeOffset now, List<ClaimedJob> claimed)
    {
        var room = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var name in _queued.Keys)
        {
            room[name] = RoomOf(name, request, now);
        }

        while (claimed.Count < request.Room)
        {
            var first = MostUrgent(room);
            if (first is null)
            {
                return false;
            }

            if (TryHold(first, now))
            {
                continue;
            }

            QueueOf(first.Job.Queue).Remove(first);
            room[first.Job.Queue]--;
            if (request.RateOfQueue.TryGetValue(first.Job.Queue, out var rate))
            {
                StartsOf(first.Job.Queue).Add(1, rate.Period, now);
            }

            claimed.Add(Start(first, now));
        }

        return MostUrgent(room) is not null;
    }

    private StoredJob? MostUrgent(Dictionary<string, int> room)
    {
        StoredJob? first = null;
        foreach (var (name, queue) in _queued)
        {
            if (queue.Count > 0 && room.GetValueOrDefault(name) > 0 && (first is null || ByUrgency.Instance.Compare(queue.Min, first) < 0))
            {
                first = queue.Min;
            }
        }

        return first;
    }

    // Takes a job out of its queue that may not run although it is its turn.
    private bool TryHold(StoredJob stored, DateTimeOffset now)
    {
        if (_pauses.TryGetValue((JobPauseScope.Name, stored.Job.Name), out var pause))
        {
            QueueOf(stored.Job.Queue).Remove(stored);
            Block(stored, _heldByName.TryGetValue(stored.Job.Name, out var held) ? held : _heldByName[stored.Job.Name] = new(ByUrgency.Instance), $"Jobs of this kind are paused. {pause.Reason}".TrimEnd());
            PassOnPlace(stored, new Told());
            return true;
        }

        if (stored.Job.ConcurrencyKey is not { } key)
        {
            return !TryStartUnderRate(stored, now);
        }

        if (!_places.TryGetValue(key, out var places))
        {
            _places.Add(key, places = new());
        }

        if (places.Running >= stored.Job.ConcurrencyLimit)
        {
            QueueOf(stored.Job.Queue).Remove(stored);
            Block(stored, places.Blocked, $"The {stored.Job.ConcurrencyLimit} places of the concurrency key '{JobKeys.Shown(key)}' are taken.");
            return true;
        }

        if (!TryStartUnderRate(stored, now))
        {
            PassOnPlace(stored, new Told());
            return true;
        }

        places.Running++;
        stored.HoldsKey = true;
        return false;
    }

    // A job that is held by something else may have been queued because a place had become free: the place is the next one's.
    private void PassOnPlace(StoredJob stored, Told told)
    {
        if (stored.Job.ConcurrencyKey is { } key && _places.TryGetValue(key, out var places))
        {
            GivePlace(key, places, told);
        }
    }

    private static void Block(StoredJob stored, SortedSet<StoredJob> blocked, string reason)
    {
        stored.State = JobState.Blocked;
        stored.Reason = reason;
        blocked.Add(stored);
    }

    private ClaimedJob Start(StoredJob stored, DateTimeOffset now)
    {
        stored.State = JobState.Running;
        stored.Lease = ++_lastLease;
        stored.Attempt++;
        stored.StartedAt = now;
        stored.FinishedAt = null;
        stored.Reason = null;
        stored.Progress = null;
        if (stored.Job is { UniqueKey: { } key, Uniqueness: JobUniqueness.WhileQueued })
        {
            ReleaseKey(stored, key);
        }

        return new ClaimedJob
        {
            Lease = new(stored.Job.Id, stored.Row, stored.Lease),
            Job = stored.Job,
            Attempt = stored.Attempt,
            Crashes = stored.Crashes,
            EnqueuedAt = stored.EnqueuedAt,
            RunAt = stored.RunAt,
            Waited = now - stored.RunAt,
            LastError = stored.LastError,
        };
    }

    private void ReleaseKey(StoredJob stored, string key)
    {
        if (_unique.TryGetValue((stored.Job.Name, key), out var taken) && ReferenceEquals(taken.Holder, stored))
        {
            _unique.Remove((stored.Job.Name, key));
        }
    }

    private void Promote(DateTimeOffset now)
    {
        while (_scheduled.Min is { } next && next.RunAt <= now)
        {
            _scheduled.Remove(next);
            next.State = JobState.Queued;
            next.RankedAt = now;
            QueueOf(next.Job.Queue).Add(next);
        }
    }

    // Nothing waits for ever: who has waited a threshold long is served as if it were a priority higher, and so on until it is first.
    private void MoveUp(DateTimeOffset now, TimeSpan threshold)
    {
        if (now - _movedUpAt < threshold / LooksPerThreshold)
        {
            return;
        }

        _movedUpAt = now;
        foreach (var queue in _queued.Values)
        {
            foreach (var stored in queue.Where(stored => stored.Rank > 0 && now - stored.RankedAt >= threshold).Take(MostMovedUp).ToList())
            {
                queue.Remove(stored);
                stored.Rank--;
                stored.RankedAt = now;
                queue.Add(stored);
            }
        }
    }

    private TimeSpan? NextDue(JobClaimRequest request, DateTimeOffset now)
    {
        var next = Earlier(_scheduled.Min?.RunAt, NextStart(request, now));
        foreach (var pause in _pauses.Values)
        {
            next = Earlier(next, pause.Until);
        }

        return next is null ? null : next > now ? next - now : TimeSpan.Zero;
    }
}
