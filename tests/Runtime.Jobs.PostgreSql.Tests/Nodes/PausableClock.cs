namespace Runtime.Jobs.PostgreSql.Tests.Nodes;

/// <summary>The system's clock, whose timers can be held up as those of a process that is starved are.</summary>
internal sealed class PausableClock : TimeProvider
{
    private readonly Lock _lock = new();
    private readonly List<Action> _late = [];
    private bool _isPaused;

    /// <summary>No timer fires until <see cref="Resume"/>.</summary>
    public void Pause()
    {
        lock (_lock)
        {
            _isPaused = true;
        }
    }

    /// <summary>What should have fired fires now.</summary>
    public void Resume()
    {
        List<Action> late;
        lock (_lock)
        {
            _isPaused = false;
            late = [.. _late];
            _late.Clear();
        }

        late.ForEach(static fire => fire());
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        System.CreateTimer(
            _ =>
            {
                if (!IsHeldUp(() => callback(state)))
                {
                    callback(state);
                }
            },
            null,
            dueTime,
            period);

    private bool IsHeldUp(Action fire)
    {
        lock (_lock)
        {
            if (_isPaused)
            {
                _late.Add(fire);
            }

            return _isPaused;
        }
    }
}
