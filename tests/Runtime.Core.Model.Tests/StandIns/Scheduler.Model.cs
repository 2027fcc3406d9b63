using Runtime.Core.Concurrency;

namespace Runtime.Core.Scheduling;

// In place of the part that makes, grows, shrinks and ends the set of workers: here the set is made once, before the threads run.
internal sealed partial class Scheduler
{
    private readonly WorkerMonitor _monitor;
    private readonly ThreadShape _shape;
    private Worker[] _workers = [];

    public Worker[] Workers => _workers;

    public int ActiveWorkers { get; private set; } = 1;

    /// <summary>Makes and starts the workers.</summary>
    public void Start(int workers, int limit)
    {
        _workers = [.. Enumerable.Range(0, workers).Select(id => new Worker(this, id, _shape))];
        ActiveWorkers = limit;
        Idle.SetWorkers(workers, limit);
        Array.ForEach(_workers, static worker => worker.Start());
    }

    /// <summary>The beginning of CloseAsync: every worker ends.</summary>
    public void Close()
    {
        _closed.Value = 1;
        Fence.Full(); // as in CloseAsync
        Array.ForEach(_workers, Idle.Wake);
    }

    /// <summary>The end of it, when the workers have ended: what is left runs elsewhere.</summary>
    public void FinishClose() => Injector.Close();

    /// <summary>What Shrink does to one worker.</summary>
    public void Retire(Worker worker)
    {
        worker.Retire();
        Fence.Full(); // as in Shrink_NeedsLock
        Idle.Wake(worker);
    }

    /// <summary>What the monitor does for a worker that is stuck.</summary>
    public void Free(Worker worker)
    {
        if (worker.Slot.TryTake(out var entry))
        {
            Injector.Push(entry);
        }

        if (HasWork())
        {
            Notify();
        }
    }

    public void PrepareThread(Worker worker)
    {
        // Priorities of threads are no business of the model.
    }

    /// <summary>How many workers have ended; for those who look from outside of the program. The set of workers stays, but for their count.</summary>
    public int Ended { get; private set; }

    public void OnWorkerEnded(Worker worker)
    {
        Ended++;
        Idle.SetWorkers(_workers.Length - Ended, Math.Min(_workers.Length - Ended, ActiveWorkers));
    }

    internal sealed record ThreadShape(string NamePrefix, int StackSize, WorkerIsolation Isolation)
    {
        public static ThreadShape From(AsyncRuntimeOptions options) => new(options.ThreadNamePrefix, 0, default);
    }
}
