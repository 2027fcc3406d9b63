namespace Runtime.Hosting.Jobs.Memory;

/// <summary>Jobs that wait until their rate allows another start.</summary>
internal sealed partial class MemoryJobStore
{
    private readonly Dictionary<string, RateOfKey> _rates = new(StringComparer.Ordinal);
    private readonly Dictionary<string, JobStarts> _startsOfQueue = new(StringComparer.Ordinal);

    // When the first of the keys that hold jobs back may be looked at; null: none holds any.
    private DateTimeOffset? _rateIsFreeAt;

    private int RoomOf(string queue, JobClaimRequest request, DateTimeOffset now)
    {
        if (_pauses.ContainsKey((JobPauseScope.Queue, queue)))
        {
            return 0;
        }

        var room = request.RoomOfQueue.GetValueOrDefault(queue, int.MaxValue);
        return request.RateOfQueue.TryGetValue(queue, out var rate) ? Math.Min(room, StartsOf(queue).Room(rate, now)) : room;
    }

    private JobStarts StartsOf(string queue) => _startsOfQueue.TryGetValue(queue, out var starts) ? starts : _startsOfQueue[queue] = new();

    private bool TryStartUnderRate(StoredJob stored, DateTimeOffset now)
    {
        if (stored.Job.RateKey is not { } key)
        {
            return true;
        }

        if (!_rates.TryGetValue(key, out var rate))
        {
            _rates.Add(key, rate = new());
        }

        if (rate.Starts.Room(stored.Job.Rate, now) == 0)
        {
            QueueOf(stored.Job.Queue).Remove(stored);
            Block(stored, rate.Blocked, $"The rate key '{JobKeys.Shown(key)}' allows {stored.Job.Rate}.");
            rate.LookAt(rate.Starts.FreeAt(stored.Job.Rate, now));
            _rateIsFreeAt = Earlier(_rateIsFreeAt, rate.FreeAt);
            return false;
        }

        rate.Starts.Add(1, stored.Job.RatePeriod, now);
        return true;
    }

    // Queues as many as may start now. The next look reckons with their starts; if those are held up by something else, that look finds room and queues more.
    private void EndRates(DateTimeOffset now, Told told)
    {
        if (!(_rateIsFreeAt <= now))
        {
            return;
        }

        _rateIsFreeAt = null;
        foreach (var rate in _rates.Values)
        {
            if (rate.FreeAt <= now)
            {
                foreach (var stored in rate.Free(now))
                {
                    Unblock(stored, told);
                }
            }

            _rateIsFreeAt = Earlier(_rateIsFreeAt, rate.FreeAt);
        }
    }

    private void ForgetRates(DateTimeOffset now)
    {
        foreach (var key in _rates.Where(pair => pair.Value.Blocked.Count == 0 && pair.Value.Starts.CountUntil <= now).Select(static pair => pair.Key).ToList())
        {
            _rates.Remove(key);
        }
    }

    private DateTimeOffset? NextStart(JobClaimRequest request, DateTimeOffset now)
    {
        var next = _rateIsFreeAt;
        foreach (var (queue, rate) in request.RateOfQueue)
        {
            if (_queued.TryGetValue(queue, out var queued) && queued.Count > 0 && StartsOf(queue).Room(rate, now) == 0)
            {
                next = Earlier(next, StartsOf(queue).FreeAt(rate, now));
            }
        }

        return next;
    }

    private static DateTimeOffset? Earlier(DateTimeOffset? one, DateTimeOffset? other) => one is null || other < one ? other ?? one : one;

    private sealed class RateOfKey
    {
        public JobStarts Starts { get; } = new();

        public SortedSet<StoredJob> Blocked { get; } = new(ByUrgency.Instance);

        /// <summary>Gets when those that wait are to be looked at; <see langword="null"/>: none waits.</summary>
        public DateTimeOffset? FreeAt { get; private set; }

        public void LookAt(DateTimeOffset time) => FreeAt = Earlier(FreeAt, time);

        /// <summary>Takes out those that may start now.</summary>
        public List<StoredJob> Free(DateTimeOffset now)
        {
            FreeAt = null;
            if (Blocked.Min is not { } first)
            {
                return [];
            }

            List<StoredJob> free = [.. Blocked.Take(Starts.Room(first.Job.Rate, now))];
            Blocked.ExceptWith(free);
            if (Blocked.Min is { } next)
            {
                var then = new JobStarts(Starts.ToArray());
                then.Add(free.Count, first.Job.RatePeriod, now);
                FreeAt = then.FreeAt(next.Job.Rate, now);
            }

            return free;
        }
    }
}
