namespace Runtime.Core.Tests.Stress;

/// <summary>What a broken queue does to the item that it is given.</summary>
internal enum Fault
{
    /// <summary>It drops one.</summary>
    Lose,

    /// <summary>It has one twice.</summary>
    Double,

    /// <summary>It takes items and gives out none any more.</summary>
    Hold,

    /// <summary>It never comes back to its caller.</summary>
    Stick,
}

/// <summary>A queue that goes wrong once, so that the tests can be seen to fail.</summary>
internal sealed class FaultyPort(AsyncRuntime runtime, Fault fault, long at) : RuntimePort(runtime), IDisposable
{
    // Ends what is stuck.
    private readonly ManualResetEventSlim _released = new();

    // Posts so far; interlocked.
    private long _posts;

    /// <summary>What it went wrong with first.</summary>
    public Baton? Struck { get; private set; }

    public override void Post(Baton baton)
    {
        var post = Interlocked.Increment(ref _posts);
        if (post == at)
        {
            Struck = baton;
        }

        switch (fault)
        {
            case Fault.Lose when post == at:
            case Fault.Hold when post >= at:
                break;
            case Fault.Double when post == at:
                Runtime.Post(static baton => baton.Arrive(), baton);
                Runtime.Post(static baton => baton.Arrive(), baton);
                break;
            case Fault.Stick when post >= at && AsyncRuntime.Current == Runtime: // not the thread of the test
                _released.Wait();
                break;
            default:
                base.Post(baton);
                break;
        }
    }

    public void Dispose() => _released.Set(); // not disposed of: somebody may be waiting
}
