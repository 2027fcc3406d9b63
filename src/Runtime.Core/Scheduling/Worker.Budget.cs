namespace Runtime.Core.Scheduling;

// How many awaits of complete things an item may do in a row. Owner only, all of it, so nothing here is interlocked.
//
// An await that is complete does not suspend, so a loop of such awaits would keep its worker for ever. Each takes a unit instead, and the one that finds
// none goes to the back of the queue. What comes from the slot goes on with what its waker left: two items that wake each other count as one.
internal sealed partial class Worker
{
    // Tokio's figure: some microseconds of such awaits, against which a trip through the queue is small.
    private const int Budget = 128;

    private int _budget;

    // How many items had come from the slot when the item before was taken.
    private long _slotRunsBefore;

    /// <summary>Takes a unit from what is left to the item that runs. Owner only.</summary>
    public bool TryTakeBudget()
    {
        if (_budget == 0)
        {
            return false;
        }

        _budget--;
        return true;
    }

    /// <summary>Counts that an item was made to give way. Owner only.</summary>
    public void CountForcedYield() => Counters.ForcedYields++;

    // When an item has been taken: a full budget, but for one that came from the slot.
    private void RefillBudget()
    {
        var slotRuns = Counters.SlotRuns;
        if (slotRuns == _slotRunsBefore)
        {
            _budget = Budget;
        }

        _slotRunsBefore = slotRuns;
    }
}
