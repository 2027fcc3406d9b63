namespace Runtime.Hosting.Jobs.Memory;

/// <summary>How runs and jobs end, and what those ends release.</summary>
internal sealed partial class MemoryJobStore
{
    public ValueTask<IReadOnlyList<bool>> EndAsync(IReadOnlyList<JobEnding> endings, CancellationToken cancellationToken)
    {
        var written = new bool[endings.Count];
        var told = new Told();
        lock (_lock)
        {
            var now = clock.GetUtcNow();
            for (var i = 0; i < written.Length; i++)
            {
                written[i] = EndRun(endings[i], now, told);
            }
        }

        told.Tell(_listener);
        return new(written);
    }

    public ValueTask ReportAsync(IReadOnlyList<JobReport> reports, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            foreach (var report in reports)
            {
                if (Leased(report.Lease) is { } stored)
                {
                    stored.Progress = report.Progress;
                }
            }
        }

        return ValueTask.CompletedTask;
    }

    private StoredJob? Leased(JobLease lease) =>
        _jobs.TryGetValue(lease.Id, out var stored) && stored.State == JobState.Running && stored.Lease == lease.Number ? stored : null;

    private bool EndRun(JobEnding ending, DateTimeOffset now, Told told)
    {
        if (Leased(ending.Lease) is not { } stored)
        {
            return false;
        }

        ReleasePlace(stored, told);
        switch (ending.Kind)
        {
            case JobEndingKind.Succeeded:
                stored.Result = ending.Result;
                End(stored, JobState.Succeeded, ending.Reason, now, told);
                break;
            case JobEndingKind.Failed:
                stored.LastError = ending.Reason;
                End(stored, JobState.Failed, ending.Reason, now, told);
                break;
            case JobEndingKind.Cancelled:
                End(stored, JobState.Cancelled, ending.Reason, now, told);
                break;
            case JobEndingKind.Parked:
                stored.State = JobState.Parked;
                stored.Reason = ending.Reason;
                stored.Attempt--;
                told.Ended(stored.Job.Id);
                break;
            default:
                RunAgain(stored, ending, now, told);
                break;
        }

        return true;
    }

    private void RunAgain(StoredJob stored, JobEnding ending, DateTimeOffset now, Told told)
    {
        if (stored.CancelRequested)
        {
            End(stored, JobState.Cancelled, stored.Reason, now, told); // it would otherwise run once more before anybody remembers
            return;
        }

        if (ending.Kind == JobEndingKind.Retry)
        {
            stored.LastError = ending.Reason;
        }
        else
        {
            stored.Attempt--;
        }

        stored.Reason = ending.Reason;
        SetTimes(stored, ending.Kind == JobEndingKind.Interrupted ? now : now + ending.Delay);
        Admit(stored, now, told);
    }

    // Ends a job that is in no set, and whatever ends with it; not by recursion, since a chain of continuations may be long.
    private void End(StoredJob ended, JobState state, string? reason, DateTimeOffset now, Told told)
    {
        Finish(ended, state, reason, now, told);
        var stack = new Stack<StoredJob>();
        stack.Push(ended);
        while (stack.TryPop(out var parent))
        {
            if (CountOut(parent, now, told) is { } batch)
            {
                stack.Push(batch);
            }

            if (!_waiting.Remove(parent.Job.Id, out var waiting))
            {
                continue;
            }

            foreach (var child in waiting)
            {
                if (Continuations.Releases(child.Job.On, parent.State))
                {
                    SetTimes(child, child.RunAt < now ? now : child.RunAt);
                    Admit(child, now, told);
                }
                else
                {
                    Finish(child, JobState.Cancelled, Continuations.Explain(parent.Job.Id, parent.State, child.Job.On), now, told);
                    stack.Push(child);
                }
            }
        }
    }

    // One member of its batch less. Gives the batch when that has ended with it; one that has something to run is queued.
    private StoredJob? CountOut(StoredJob member, DateTimeOffset now, Told told)
    {
        if (member.Job.Batch is not { } id || !_jobs.TryGetValue(id, out var batch) || batch.State != JobState.Waiting || --batch.MembersLeft > 0)
        {
            return null;
        }

        if (batch.Job.IsMarker)
        {
            Finish(batch, JobState.Succeeded, null, now, told);
            return batch;
        }

        SetTimes(batch, batch.RunAt < now ? now : batch.RunAt);
        Admit(batch, now, told);
        return null;
    }

    private void Finish(StoredJob stored, JobState state, string? reason, DateTimeOffset now, Told told)
    {
        stored.State = state;
        stored.Reason = reason;
        stored.FinishedAt = now;
        if (stored.Job is { UniqueKey: { } key, Uniqueness: not JobUniqueness.ForPeriod })
        {
            ReleaseKey(stored, key);
        }

        _finished.Enqueue((stored, now));
        _finishedCount++;
        told.Ended(stored.Job.Id);
        DropFinished(MostFinished, DateTimeOffset.MinValue, int.MaxValue);
    }

    // Forgets the jobs that ended first, until there are few enough and none that ended before a time.
    private int DropFinished(int keep, DateTimeOffset before, int atMost)
    {
        var dropped = 0;
        while (dropped < atMost && _finished.TryPeek(out var oldest))
        {
            var isGone = !oldest.Job.IsOver || oldest.Job.FinishedAt != oldest.At || !_jobs.ContainsKey(oldest.Job.Job.Id);
            if (!isGone && _finishedCount <= keep && oldest.At >= before)
            {
                break;
            }

            _finished.Dequeue();
            if (!isGone)
            {
                Drop(oldest.Job);
                dropped++;
            }
        }

        return dropped;
    }

    private void Drop(StoredJob stored)
    {
        _jobs.Remove(stored.Job.Id);
        _byRow.Remove(stored.Row);
        if (stored.IsOver)
        {
            _finishedCount--;
        }

        // A key that is kept for a period outlives its job only where the job is still there to be named: a second enqueue gets its id.
        if (stored.Job.UniqueKey is { } key)
        {
            ReleaseKey(stored, key);
        }
    }

    // Gives the place under the concurrency key to the first who may have it.
    private void ReleasePlace(StoredJob stored, Told told)
    {
        if (!stored.HoldsKey || stored.Job.ConcurrencyKey is not { } key || !_places.TryGetValue(key, out var places))
        {
            return;
        }

        stored.HoldsKey = false;
        places.Running--;
        GivePlace(key, places, told);
    }

    private void GivePlace(string key, ConcurrencyPlaces places, Told told)
    {
        var next = places.Blocked.FirstOrDefault(waiting => waiting.Job.ConcurrencyLimit > places.Running
            && !_pauses.ContainsKey((JobPauseScope.Name, waiting.Job.Name)) && !_pauses.ContainsKey((JobPauseScope.Queue, waiting.Job.Queue)));
        if (next is not null)
        {
            places.Blocked.Remove(next);
            Unblock(next, told);
        }

        Forget(key, places);
    }

    private void Unblock(StoredJob stored, Told told)
    {
        stored.State = JobState.Queued;
        stored.Reason = null;
        QueueOf(stored.Job.Queue).Add(stored);
        told.Work = true;
    }
}
