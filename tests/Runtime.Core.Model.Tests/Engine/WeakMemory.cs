namespace Runtime.Core.Model.Tests.Engine;

// arm64 as .NET uses it, and a little weaker: a load may return any write that is not overwritten by one the thread already knows of.
// Reading a release store with acquire order brings everything its writer knew. Full fences, and with them all interlocked operations, are in
// one order: each knows what those before it knew. Writes to one word are in the order of execution, and no load takes its value from the
// future: both outcomes are possible on hardware, and not covered here.
// Sources: loom; Kang, Hur, Lahav, Vafeiadis, Dreyer 2017 (views).
internal sealed class WeakMemory(Execution execution) : Memory(execution)
{
    // What the fences so far knew.
    private readonly View _fenced = new();

    // Identifies the order of the fences so far.
    private ulong _fenceHash;

    public override bool StoresAreSteps => true;

    public override Write Load(ModelThread thread, Location location, bool acquire)
    {
        var write = ChooseWrite(thread, location);
        Learn(thread, location, write, acquire);
        Execution.Record(thread, Hashing.Mix(thread.Hash, write.Hash));
        return write;
    }

    public override void Store(ModelThread thread, Location location, Write write, bool release)
    {
        Sign(thread, location, write, release);
        write.ReleasedView = release ? thread.View.Copy() : thread.FencedView;
        write.Hash = Hashing.Mix(thread.Hash, location.Newest.Hash);
        location.Append(write, keepHistory: true);
        thread.View.Raise(location, write.Index);
        Execution.Record(thread, write.Hash);
    }

    public override Write Exchange(ModelThread thread, Location location, Func<Write, Write?> replace, Ordering fence)
    {
        if (fence == Ordering.Full)
        {
            Join(thread);
        }

        var seen = location.Newest;
        Learn(thread, location, seen, acquire: fence != Ordering.Relaxed);
        var write = replace(seen);
        if (write is not null)
        {
            var release = fence == Ordering.Full;
            Sign(thread, location, write, release);
            write.ReleasedView = release ? thread.View.Copy() : thread.FencedView;
            if (!release)
            {
                ContinueRelease(write, seen);
            }

            write.Hash = Hashing.Mix(thread.Hash, seen.Hash, _fenceHash);
            location.Append(write, keepHistory: true);
            thread.View.Raise(location, write.Index);
        }

        Execution.Record(thread, Hashing.Mix(thread.Hash, seen.Hash, fence == Ordering.Full ? _fenceHash : 0));
        if (fence == Ordering.Full)
        {
            Join(thread);
        }

        return seen;
    }

    public override void Fence(ModelThread thread)
    {
        Join(thread);
        Execution.Record(thread, _fenceHash);
    }

    public override void FenceAll(ModelThread caller)
    {
        foreach (var thread in Execution.Threads)
        {
            Join(thread);
        }

        foreach (var thread in Execution.Threads)
        {
            Join(thread);
            thread.Hash = Hashing.Mix(thread.Hash, _fenceHash);
        }

        Execution.Record(caller, Hashing.Mix(caller.Hash, _fenceHash));
    }

    public override bool SettleAll()
    {
        var first = Execution.Threads[0];
        foreach (var location in Execution.Locations)
        {
            first.View.Raise(location, location.Newest.Index);
        }

        return false;
    }

    protected override Write Latest(ModelThread thread, Location location, out bool unordered)
    {
        unordered = false;
        return location.Newest;
    }

    private static void ContinueRelease(Write write, Write seen)
    {
        // A release sequence goes on through an atomic replacement.
        var clock = write.Released?.Copy() ?? new VectorClock();
        clock.Join(seen.Released);
        write.Released = clock;
        var view = write.ReleasedView?.Copy() ?? new View();
        view.Join(seen.ReleasedView);
        write.ReleasedView = view;
    }

    private static void Learn(ModelThread thread, Location location, Write write, bool acquire)
    {
        thread.View.Raise(location, write.Index);
        if (acquire)
        {
            thread.Clock.Join(write.Released);
            thread.View.Join(write.ReleasedView);
        }
        else
        {
            (thread.MetClock ??= new VectorClock()).Join(write.Released);
            (thread.MetView ??= new View()).Join(write.ReleasedView);
        }
    }

    private Write ChooseWrite(ModelThread thread, Location location)
    {
        var newest = location.Newest.Index;
        var oldest = thread.View[location];
        while (oldest < newest && !MayOverlook(thread, location.History[oldest + 1]))
        {
            oldest++;
        }

        var write = location.History[newest - Execution.Choose(newest - oldest + 1)];
        if (write.Index < newest)
        {
            Overlook(thread, location.History[write.Index + 1]);
        }

        return write;
    }

    private void Join(ModelThread thread)
    {
        thread.Clock.Join(thread.MetClock);
        thread.View.Join(thread.MetView);
        thread.View.Join(_fenced);
        _fenced.Join(thread.View);
        thread.FencedClock = thread.Clock.Copy();
        thread.FencedView = thread.View.Copy();
        _fenceHash = Hashing.Mix(thread.Hash, _fenceHash, 'F');
    }
}
