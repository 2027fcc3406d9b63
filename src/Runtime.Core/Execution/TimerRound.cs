namespace Runtime.Core.Execution;

/// <summary>A turn of a worker, for some timers of a crowd.</summary>
internal sealed class TimerRound : PooledItem
{
    // What runs now, for those who ask what holds up the worker.
    private volatile WorkItem? _current;

    public TimerCrowd? Crowd { get; set; }

    public WorkItem? Current
    {
        set => _current = value;
    }

    internal override string? Name => _current?.Name;

    internal override Delegate? Body => _current?.Body;

    internal override void Run()
    {
        var crowd = Crowd!;
        var dispatcher = crowd.Dispatcher;
        crowd.Run(this);
        Crowd = null;
        _current = null;
        dispatcher.Pool.Return(this);
    }

    protected override void Execute() => Run();
}
