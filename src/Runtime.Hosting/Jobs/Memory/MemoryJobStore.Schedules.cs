namespace Runtime.Hosting.Jobs.Memory;

/// <summary>Recurring jobs.</summary>
internal sealed partial class MemoryJobStore
{
    // Due times that have been fired are remembered for as long as a second firing of them is thinkable.
    private const int MostFired = 10_000;

    public ValueTask PutScheduleAsync(JobSchedule schedule, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            _schedules[schedule.Name] = _schedules.TryGetValue(schedule.Name, out var old) ? schedule.After(old) : schedule;
        }

        _listener.SchedulesChanged();
        return ValueTask.CompletedTask;
    }

    public ValueTask<bool> RemoveScheduleAsync(string name, CancellationToken cancellationToken)
    {
        bool removed;
        lock (_lock)
        {
            removed = _schedules.Remove(name);
        }

        _listener.SchedulesChanged();
        return new(removed);
    }

    public ValueTask<IReadOnlyList<JobSchedule>> ListSchedulesAsync(CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            return new(_schedules.Values.ToList());
        }
    }

    public ValueTask<bool> FireAsync(string name, DateTimeOffset seen, DateTimeOffset? next, IReadOnlyList<JobRun> runs, CancellationToken cancellationToken)
    {
        var told = new Told();
        lock (_lock)
        {
            if (!_schedules.TryGetValue(name, out var schedule) || schedule.Next != seen)
            {
                return new(false);
            }

            var now = clock.GetUtcNow();
            foreach (var run in runs)
            {
                if (_fired.Add((name, run.Due)))
                {
                    Add(run.Job, now, told);
                }
            }

            _schedules[name] = schedule with { Next = next, Last = runs.Count > 0 ? runs[^1].Due : schedule.Last };
            if (_fired.Count > MostFired)
            {
                _fired.RemoveWhere(fired => fired.Due < now - TimeSpan.FromDays(1));
            }
        }

        told.Tell(_listener);
        return new(true);
    }
}
