namespace Runtime.Core.Model.Tests.Engine;

// Whose turn it is.
internal sealed partial class Execution
{
    private readonly List<ModelThread> _candidates = [];

    // Steps of the present thread since it got its turn.
    private int _inARow;

    /// <summary>A place where another thread may come first. Called before every step that concerns others.</summary>
    public void Point()
    {
        var thread = Running;
        ThrowIfUnwinding();
        if (thread.Index == 0)
        {
            return;
        }

        CountStep();
        if (++_inARow > Options.MostInARow && OthersCanRun(thread))
        {
            GiveWay(thread); // no scheduler starves the others for ever: a loop that waits for them ends
            return;
        }

        var next = PickNext(thread);
        ThrowIfUnwinding();
        if (next != thread)
        {
            Preemptions++;
            Leave(thread, next!);
        }
    }

    /// <summary>Lets the others go first, if any of them can: for loops that wait.</summary>
    public void Yield()
    {
        var thread = Running;
        ThrowIfUnwinding();
        if (thread.Index == 0)
        {
            return;
        }

        CountStep();
        Record(thread, Hashing.Mix(thread.Hash, 'Y'));
        if (OthersCanRun(thread))
        {
            GiveWay(thread);
        }
        else
        {
            Memory.SettleAll(); // nobody else can make a difference any more: at last all stores are seen
        }
    }

    /// <summary>Waits until a condition on what the others do holds.</summary>
    public void WaitUntil(Func<bool> condition, string what)
    {
        Point();
        var thread = Running;
        while (!condition())
        {
            if (thread.Index == 0)
            {
                Fail($"the {(_scenario is null ? "set-up" : "final check")} waits for {what}");
            }

            thread.Until = condition;
            thread.WaitsFor = what;
            Log?.Add(thread, "waits for", null, what);
            var next = PickNext(null);
            ThrowIfUnwinding();
            if (next != thread)
            {
                Leave(thread, next!);
            }

            thread.Until = null;
        }
    }

    public void ThrowIfUnwinding()
    {
        if (_unwinding)
        {
            throw new UnwindException();
        }
    }

    private void CountStep()
    {
        if (++_steps > Options.MostSteps)
        {
            Fail($"livelock: more than {Options.MostSteps} steps");
        }
    }

    private bool OthersCanRun(ModelThread thread) => Threads.Exists(other => other != thread && other.CanRun);

    private void GiveWay(ModelThread thread)
    {
        var next = PickNext(null, except: thread);
        ThrowIfUnwinding();
        Leave(thread, next!);
    }

    // Who goes next; staying with the present thread comes first and costs nothing. Null when nobody can, which is either the end or a deadlock.
    private ModelThread? PickNext(ModelThread? present, ModelThread? except = null)
    {
        Collect(present, except);
        if (_candidates.Count == 0 && Memory.SettleAll())
        {
            Collect(present, except);
        }

        if (_candidates.Count == 0)
        {
            CheckRest();
            return null;
        }

        if (_candidates.Count == 1)
        {
            return _candidates[0];
        }

        if (_strategy.HasSeen(Hashing.Mix(Signature, (ulong)(present?.Index ?? 255), (ulong)Deviations), Preemptions))
        {
            WasPruned = true;
            _unwinding = true;
            return present;
        }

        return _candidates[_strategy.ChooseThread(_candidates, _steps)];
    }

    private void Collect(ModelThread? present, ModelThread? except)
    {
        _candidates.Clear();
        if (present is not null)
        {
            _candidates.Add(present);
            if (_strategy.IsBounded && Preemptions >= Options.Preemptions)
            {
                return;
            }
        }

        foreach (var thread in Threads)
        {
            if (thread != present && thread != except && thread.CanRun)
            {
                _candidates.Add(thread);
            }
        }
    }

    private void CheckRest()
    {
        var waiting = Threads.Where(static thread => !thread.IsFinished).ToList();
        if (waiting.Count == 0)
        {
            return; // the end
        }

        if (!_scenario!.MayRest())
        {
            Failure ??= "deadlock: " + string.Join(", ", waiting.Select(static thread => $"{thread.Name} waits for {thread.WaitsFor}"));
        }

        _unwinding = true; // those that wait are taken out
    }

    private void Leave(ModelThread thread, ModelThread next)
    {
        PassTo(next);
        _runners[thread.Index - 1].Baton.Take();
        Running = thread;
        ThrowIfUnwinding();
    }

    private void PassTo(ModelThread next)
    {
        next.IsStarted = true;
        _inARow = 0;
        Running = next;
        _runners[next.Index - 1].Baton.Give();
    }
}
