using Runtime.Core.IO;

namespace Runtime.Core.Tests.IO;

public sealed class ReadySlotTests
{
    private readonly Waiter _waiter = new();
    private ReadySlot _slot;

    [Fact]
    public void TryWait_ThenRaise_TellsTheWaiterOnce()
    {
        _slot.TryWait(_waiter, out _, out _).ShouldBe(WaitResult.Waits);
        _slot.Raise(IoEvents.Readable, out var readiness).ShouldBe(_waiter);
        readiness.Events.ShouldBe(IoEvents.Readable);
        _slot.Raise(IoEvents.Readable, out _).ShouldBeNull("the wait is over");
    }

    [Fact]
    public void Raise_ThenTryWait_IsReadyUntilCleared()
    {
        _slot.Raise(IoEvents.Readable, out _);
        _slot.TryWait(_waiter, out _, out _).ShouldBe(WaitResult.Ready);
        _slot.TryWait(_waiter, out var readiness, out _).ShouldBe(WaitResult.Ready, "nobody has cleared it");
        _slot.Clear(readiness);
        _slot.TryWait(_waiter, out _, out _).ShouldBe(WaitResult.Waits);
    }

    [Fact]
    public void Clear_AnEventSince_DoesNothing()
    {
        _slot.Raise(IoEvents.Readable, out var old);
        _slot.Raise(IoEvents.Readable, out _);
        _slot.Clear(old);
        _slot.Look().IsReady.ShouldBeTrue("the second event may be of bytes that the caller has not seen");
    }

    [Fact]
    public void Clear_ClosedDirection_StaysReady()
    {
        _slot.Raise(IoEvents.Readable | IoEvents.ReadClosed, out var readiness);
        _slot.Clear(readiness);
        _slot.Look().IsReadClosed.ShouldBeTrue();
    }

    [Fact]
    public void TryWait_Twice_IsRefused()
    {
        _slot.TryWait(_waiter, out _, out _);
        _slot.TryWait(new Waiter(), out _, out _).ShouldBe(WaitResult.Occupied);
        _slot.Raise(IoEvents.Readable, out _).ShouldBe(_waiter, "the first one is not disturbed");
    }

    [Fact]
    public void TryReserve_KeepsThePlaceBetweenItsWaits_UntilItIsReleased()
    {
        _slot.TryReserve().ShouldBe(WaitResult.Ready);
        _slot.TryReserve().ShouldBe(WaitResult.Occupied);
        _slot.TryWait(new Waiter(), out _, out _).ShouldBe(WaitResult.Occupied);
        _slot.TryWait(_waiter, out _, out _, hasReserved: true).ShouldBe(WaitResult.Waits);
        _slot.Raise(IoEvents.Readable, out _).ShouldBe(_waiter);
        _slot.TryWait(new Waiter(), out _, out _).ShouldBe(WaitResult.Occupied, "it is ready, but for the one that has reserved it");
        _slot.Release();
        _slot.TryWait(new Waiter(), out _, out _).ShouldBe(WaitResult.Ready);
    }

    [Fact]
    public void TryReserve_SomebodyWaits_IsRefused()
    {
        _slot.TryWait(_waiter, out _, out _);
        _slot.TryReserve().ShouldBe(WaitResult.Occupied);
        _slot.Close();
        _slot.TryReserve().ShouldBe(WaitResult.Closed);
    }

    [Fact]
    public void TryWithdraw_OfAnEarlierWait_LeavesTheLaterOne()
    {
        _slot.TryWait(_waiter, out _, out var first);
        _slot.TryWithdraw(first).ShouldBeTrue();
        _slot.TryWait(_waiter, out _, out var second).ShouldBe(WaitResult.Waits);
        _slot.TryWithdraw(first).ShouldBeFalse("that wait is over");
        second.ShouldNotBe(first);
        _slot.Raise(IoEvents.Writable, out _).ShouldBe(_waiter);
    }

    [Fact]
    public void Close_WhileWaiting_TellsTheWaiterAndRefusesOthers()
    {
        _slot.TryWait(_waiter, out _, out var word);
        _slot.Close().ShouldBe(_waiter);
        _slot.Close().ShouldBeNull();
        _slot.TryWithdraw(word).ShouldBeFalse();
        _slot.Raise(IoEvents.Readable, out _).ShouldBeNull();
        _slot.TryWait(_waiter, out _, out _).ShouldBe(WaitResult.Closed);
    }

    private sealed class Waiter : IReadyWaiter
    {
        public ulong WaitWord { get; set; }

        public void OnReady(IoReadiness readiness) => throw new InvalidOperationException("the slot tells nobody itself");

        public void OnClosed() => throw new InvalidOperationException("the slot tells nobody itself");
    }
}
