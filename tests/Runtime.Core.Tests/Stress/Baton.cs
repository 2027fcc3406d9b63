namespace Runtime.Core.Tests.Stress;

/// <summary>Something that one holder or one queue has at a time. It counts its own hand-offs, and notices when it arrives twice.</summary>
/// <remarks>
/// A hand-off is: its holder makes it ready and gives it to the runtime (<see cref="Pass"/>), and a worker takes it out of a queue and runs it
/// (<see cref="TryTake"/>). It counts when it is taken. An arrival that no pass preceded is a doubled item; a pass that no arrival follows is a lost
/// one, found by the watchdog when the rest has ended. An item that is in two queues at once may hide for a while, because the two take
/// turns; one of them arrives after the last hand-off, and then it is found.
/// </remarks>
internal abstract class Baton(HandOffAccount account, int id, long quota) : WorkItem
{
    // Twice the number of hand-offs while somebody holds it, one more while a queue has it. Holder: even to odd. Whoever takes it: odd to even, by
    // compare-exchange, so that of two arrivals for one pass only one holds it.
    private long _word;

    // How many of the hand-offs were no submissions but went on with work that had been accepted before. Holder only.
    private long _continued;

    public int Id => id;

    /// <summary>After how many hand-offs it rests.</summary>
    public long Quota => quota;

    /// <summary>How many hand-offs it has had.</summary>
    public long Count => Volatile.Read(ref _word) / 2;

    /// <summary>Whether a queue should have it.</summary>
    public bool IsWaiting => (Volatile.Read(ref _word) & 1) != 0;

    /// <summary>How many of its hand-offs the runtime's ledger does not count.</summary>
    public long Continued => Volatile.Read(ref _continued);

    protected HandOffAccount Account => account;

    /// <summary>Makes it ready. Holder only, who does not touch it any more once it has given it to a queue.</summary>
    public void Pass() => Volatile.Write(ref _word, _word + 1);

    /// <summary>As <see cref="Pass"/>, for what continues instead of being submitted.</summary>
    public void PassOn()
    {
        _continued++;
        Pass();
    }

    /// <summary>Takes it out of transit.</summary>
    /// <returns><see langword="false"/> when nobody had passed it: the caller must leave it alone.</returns>
    public bool TryTake()
    {
        var word = Volatile.Read(ref _word);
        if ((word & 1) != 0 && Interlocked.CompareExchange(ref _word, word + 1, word) == word)
        {
            return true;
        }

        account.OnDoubled(this);
        return false;
    }

    /// <summary>What to do when a worker runs it.</summary>
    public void Arrive()
    {
        if (!TryTake())
        {
            return;
        }

        try
        {
            OnTaken();
        }
        catch (Exception exception)
        {
            account.OnFailure(this, exception);
        }
    }

    public override string ToString() => $"{GetType().Name} {id}, {Count:N0} of {quota:N0} hand-offs";

    protected sealed override void Execute() => Arrive();

    /// <summary>Goes on with it, or ends its run. The caller holds it.</summary>
    protected abstract void OnTaken();
}
