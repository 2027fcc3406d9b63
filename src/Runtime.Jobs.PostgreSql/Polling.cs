namespace Runtime.Jobs.PostgreSql;

/// <summary>Looks for jobs that nobody has told of: soon after there was something, ever more rarely while there is nothing.</summary>
/// <remarks>Thread safe. Only while somebody wants jobs: the timer runs from an answer that left room to the next question.</remarks>
internal sealed class Polling : IDisposable
{
    private static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(50);
    private const double Growth = 1.5;

    private readonly Func<TimeSpan> _longest;
    private readonly ITimer _timer;
    private readonly Lock _lock = new();
    private TimeSpan _interval = Shortest;
    private long _asked;

    /// <summary>Starts with no question asked.</summary>
    /// <param name="look">Called when it is time to look.</param>
    /// <param name="longest">How rarely it may look at present.</param>
    /// <param name="clock">Tells the time.</param>
    public Polling(Action look, Func<TimeSpan> longest, TimeProvider clock)
    {
        _longest = longest;
        _timer = clock.CreateTimer(_ => look(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Somebody asks for jobs now.</summary>
    /// <returns>The number of the question.</returns>
    public long Asked()
    {
        lock (_lock)
        {
            return ++_asked;
        }
    }

    /// <summary>The answer has come.</summary>
    public void Answered(long question, int jobs)
    {
        lock (_lock)
        {
            _interval = jobs > 0 ? Shortest : Min(_interval * Growth, _longest());
            if (question == _asked)
            {
                _timer.Change(_interval, Timeout.InfiniteTimeSpan);
            }
        }
    }

    /// <summary>Something may come soon.</summary>
    public void Quicken()
    {
        lock (_lock)
        {
            _interval = Shortest;
        }
    }

    public void Dispose() => _timer.Dispose();

    private static TimeSpan Min(TimeSpan x, TimeSpan y) => x < y ? x : y;
}
