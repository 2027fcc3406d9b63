using Runtime.Core.Scheduling;

namespace Runtime.Core.Tests.Scheduling;

public sealed class LifoSlotTests
{
    private LifoSlot _slot;

    [Fact]
    public void TryTake_AfterPut_GivesTheItemOnceAndItsStamp()
    {
        var item = new TestItem(1);
        var ready = ReadyStamp.Exact();

        _slot.TryTake(out _).ShouldBeFalse();
        _slot.Put(new QueueEntry(item, ready));

        _slot.IsEmpty.ShouldBeFalse();
        _slot.Content.ShouldBe(item);
        _slot.TryTake(out var entry).ShouldBeTrue();
        entry.Item.ShouldBe(item);
        entry.Ready.Raw.ShouldBe(ready.Raw);
        _slot.IsEmpty.ShouldBeTrue();
        _slot.TryTake(out _).ShouldBeFalse();
    }

    [Fact]
    public async Task OwnerAndThieves_AtOnce_EveryItemIsTakenExactlyOnce()
    {
        const int items = 500_000;
        const int thieves = 2;
        var all = Enumerable.Range(0, items).Select(static id => new TestItem(id)).ToArray();
        var done = false;

        var threads = Enumerable.Range(0, thieves).Select(_ => OnThread(() =>
        {
            while (!Volatile.Read(ref done))
            {
                TakeOne();
            }
        })).Append(OnThread(() =>
        {
            foreach (var item in all)
            {
                while (!_slot.IsEmpty)
                {
                    TakeOne(); // as an owner does that comes back for its next item
                }

                _slot.Put(QueueExtensions.Entry(item));
            }

            TakeOne();
            Volatile.Write(ref done, true);
        }));
        await Task.WhenAll(threads).Guarded();

        _slot.IsEmpty.ShouldBeTrue();
        all.Where(static item => item.Taken != 1).Select(static item => (item.Id, item.Taken)).ShouldBeEmpty();

        void TakeOne()
        {
            if (_slot.TryTake(out var entry))
            {
                Interlocked.Increment(ref ((TestItem)entry.Item).Taken);
            }
        }
    }

    private static Task OnThread(Action body) =>
        Task.Factory.StartNew(body, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
}
