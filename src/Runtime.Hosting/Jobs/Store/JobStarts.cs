namespace Runtime.Hosting.Jobs;

/// <summary>The starts of jobs under one rate limit, as far back as they count. The same in every store.</summary>
/// <remarks>
/// <para>A sliding window that never lets more start than allowed, whichever span of time is looked at; a fixed window lets twice as many start around its edge, and so does a token bucket after a pause.
/// Up to <see cref="MostEntries"/> starts are known exactly. Beyond that neighbours are taken together under the time of the later one, so what is forgotten makes starts rarer, never more frequent:
/// at full load by a few hundredths.</para>
/// <para>Times that are later than now, since a clock was set back, become now at the first look: they hold starts up for one period, not for as long as the clock was wrong. So a look may change what is to be stored.</para>
/// <para>Not thread safe; a store holds whatever guards its row.</para>
/// </remarks>
public sealed class JobStarts
{
    /// <summary>How many entries are kept.</summary>
    public const int MostEntries = 32;

    private readonly List<(long At, long Count)> _entries;
    private long _longestPeriod;

    /// <summary>Begins without starts.</summary>
    public JobStarts() => _entries = [];

    /// <summary>Reads what <see cref="ToArray"/> gave.</summary>
    /// <param name="numbers">The longest period, then pairs of a time and how many started by then.</param>
    public JobStarts(ReadOnlySpan<long> numbers)
    {
        _entries = new((numbers.Length / 2) + 1);
        _longestPeriod = numbers.IsEmpty ? 0 : numbers[0];
        for (var i = 1; i + 1 < numbers.Length; i += 2)
        {
            _entries.Add((numbers[i], numbers[i + 1]));
        }
    }

    /// <summary>Gets when the last of them counts no more; <see cref="DateTimeOffset.MinValue"/>: there are none.</summary>
    public DateTimeOffset CountUntil => _entries.Count == 0 ? DateTimeOffset.MinValue : new(_entries[^1].At + _longestPeriod, TimeSpan.Zero);

    /// <summary>Says how many may start now.</summary>
    /// <param name="rate">What is allowed.</param>
    /// <param name="now">The time.</param>
    /// <returns>From 0 to the rate's limit.</returns>
    public int Room(JobRate rate, DateTimeOffset now)
    {
        Forget(now.UtcTicks);
        var since = now.UtcTicks - rate.Period.Ticks;
        var started = 0L;
        foreach (var (at, count) in _entries)
        {
            started += at > since ? count : 0;
        }

        return (int)Math.Max(0, rate.Limit - started);
    }

    /// <summary>Says when the next may start.</summary>
    /// <param name="rate">What is allowed.</param>
    /// <param name="now">The time.</param>
    /// <returns><paramref name="now"/> or a later time.</returns>
    public DateTimeOffset FreeAt(JobRate rate, DateTimeOffset now)
    {
        Forget(now.UtcTicks);
        var started = 0L;
        for (var i = _entries.Count - 1; i >= 0; i--)
        {
            started += _entries[i].Count;
            if (started >= rate.Limit)
            {
                return new(Math.Max(_entries[i].At + rate.Period.Ticks, now.UtcTicks), TimeSpan.Zero);
            }
        }

        return now;
    }

    /// <summary>Counts starts.</summary>
    /// <param name="count">How many.</param>
    /// <param name="period">How long they count.</param>
    /// <param name="now">The time.</param>
    public void Add(int count, TimeSpan period, DateTimeOffset now)
    {
        _longestPeriod = Math.Max(_longestPeriod, period.Ticks);
        Forget(now.UtcTicks);
        if (count <= 0)
        {
            return;
        }

        if (_entries.Count > 0 && _entries[^1].At == now.UtcTicks)
        {
            _entries[^1] = (now.UtcTicks, _entries[^1].Count + count);
            return;
        }

        _entries.Add((now.UtcTicks, count));
        if (_entries.Count > MostEntries)
        {
            Merge();
        }
    }

    /// <summary>Takes starts back that were counted and did not happen.</summary>
    /// <param name="count">How many.</param>
    /// <param name="at">The time at which they were counted.</param>
    public void Return(int count, DateTimeOffset at)
    {
        var i = _entries.FindIndex(entry => entry.At >= at.UtcTicks); // it may have been taken together with later ones
        if (i >= 0)
        {
            _entries[i] = (_entries[i].At, Math.Max(0, _entries[i].Count - count));
        }
    }

    /// <summary>Gives them as numbers, to be stored.</summary>
    /// <returns>What the constructor reads.</returns>
    public long[] ToArray() => [_longestPeriod, .. _entries.SelectMany(static entry => new[] { entry.At, entry.Count })];

    private void Forget(long now)
    {
        _entries.RemoveAll(entry => entry.At <= now - _longestPeriod || entry.Count == 0);
        for (var i = _entries.Count - 1; i >= 0 && _entries[i].At > now; i--)
        {
            _entries[i] = (now, _entries[i].Count);
        }
    }

    // The two that are closest to one another, so that the rest stays as exact as it can.
    private void Merge()
    {
        var closest = 0;
        for (var i = 1; i + 1 < _entries.Count; i++)
        {
            if (_entries[i + 1].At - _entries[i].At < _entries[closest + 1].At - _entries[closest].At)
            {
                closest = i;
            }
        }

        _entries[closest] = (_entries[closest + 1].At, _entries[closest].Count + _entries[closest + 1].Count);
        _entries.RemoveAt(closest + 1);
    }
}
