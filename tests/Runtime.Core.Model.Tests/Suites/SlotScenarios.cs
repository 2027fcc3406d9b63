using Runtime.Core.Scheduling;

namespace Runtime.Core.Model.Tests.Suites;

/// <summary>The owner puts and takes, the monitor frees the slot, a searching worker looks into it.</summary>
internal sealed class SlotWithMonitor : QueueScenario
{
    private LifoSlot _slot;

    public SlotWithMonitor()
    {
        Run("owner", () =>
        {
            PutAndTake();
            PutAndTake();
        });
        Run("monitor", () => TakeFor("monitor"));
        Run("thief", () => TakeFor("thief"));
    }

    protected override void CollectRest() => TakeFor("rest");

    private void PutAndTake()
    {
        if (_slot.IsEmpty)
        {
            _slot.Put(Make("o"));
        }

        TakeFor("owner");
    }

    private void TakeFor(string taker)
    {
        if (_slot.TryTake(out var entry))
        {
            Take(taker, entry);
        }
    }
}

/// <summary>The stamp that comes with an item is the item's or a younger one's, never garbage.</summary>
internal sealed class SlotStamps : QueueScenario
{
    private LifoSlot _slot;

    public SlotStamps()
    {
        _slot.Put(Make("o"));
        Run("owner", () =>
        {
            TakeFor("owner");
            if (_slot.IsEmpty)
            {
                _slot.Put(Make("o"));
            }
        });
        Run("monitor", () => TakeFor("monitor"));
    }

    protected override void CollectRest() => TakeFor("rest");

    private void TakeFor(string taker)
    {
        if (_slot.TryTake(out var entry))
        {
            var number = ((Item)entry.Item).Number;
            Require(entry.Ready.Raw >= 1 && entry.Ready.Raw <= number, $"item {number} came with stamp {entry.Ready.Raw}");
            Take(taker, entry);
        }
    }
}
