namespace Runtime.Core.Scheduling;

/// <summary>What a queue entry may hold besides the <see cref="Action"/> of an await: a <see cref="WorkItem"/>, or plain spawned work, which is its own task source.</summary>
internal interface IRunnable
{
    /// <summary>What the user called the work, for messages.</summary>
    string? Name { get; }

    /// <summary>The delegate it runs, for those who gave it no name.</summary>
    Delegate? Body { get; }

    /// <summary>Runs it on the thread of a worker, which has installed the context of plain work.</summary>
    void RunOn(Worker worker);

    /// <summary>Runs it on a thread of the ThreadPool, before the start and after the stop.</summary>
    void RunElsewhere();

    /// <summary>Settles work that never started as cancelled, when the stop gives up on it. False for what has to run all the same: continuations.</summary>
    bool TryCancelUnstarted();
}
