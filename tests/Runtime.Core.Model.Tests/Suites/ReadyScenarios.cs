using Runtime.Core.Concurrency;
using Runtime.Core.IO;
using Runtime.Core.Model.Tests.Engine;

namespace Runtime.Core.Model.Tests.Suites;

/// <summary>The slot of one kind of event: whoever polls, whoever waits, whoever gives up.</summary>
internal abstract class ReadyScenario : Scenario
{
    private ReadySlot _slot;

    protected ref ReadySlot Slot => ref _slot;

    protected static void Tell(IReadyWaiter? waiter, IoReadiness readiness) => waiter?.OnReady(readiness);

    /// <summary>Counts how a wait ended.</summary>
    protected sealed class Waiter : IReadyWaiter
    {
        public ulong WaitWord { get; set; }

        public int Told { get; private set; }

        public int Closed { get; private set; }

        public void OnReady(IoReadiness readiness) => Told++;

        public void OnClosed() => Closed++;
    }
}

/// <summary>Two arrivals, each followed by its event, and a reader that clears when it finds nothing: it gets both.</summary>
internal sealed class ReadyMeetsReader : ReadyScenario
{
    private AtomicInt32 _bytes;
    private int _read;

    public ReadyMeetsReader()
    {
        Run("poller", () =>
        {
            for (var arrival = 0; arrival < 2; arrival++)
            {
                _bytes.Add(1);
                Tell(Slot.Raise(IoEvents.Readable, out var readiness), readiness);
            }
        });
        Run("reader", () =>
        {
            while (_read < 2)
            {
                var waiter = new Waiter();
                if (Slot.TryWait(waiter, out _, out _) == WaitResult.Waits)
                {
                    Execution.Current.WaitUntil(() => waiter.Told > 0, "an event");
                }

                var before = Slot.Look();
                var got = _bytes.Exchange(0);
                _read += got;
                if (got == 0)
                {
                    Slot.Clear(before);
                }
            }
        });
    }

    public override bool MayRest() => false;

    public override void Check() => Require(_read == 2, $"read {_read} of 2");
}

/// <summary>An event and a withdrawal: one of them ends the wait, and the next wait is its own.</summary>
internal sealed class ReadyMeetsWithdrawal : ReadyScenario
{
    private readonly Waiter _first = new();
    private readonly Waiter _second = new();
    private bool _withdrawn;

    public ReadyMeetsWithdrawal()
    {
        Slot.TryWait(_first, out _, out var word);
        Run("poller", () => Tell(Slot.Raise(IoEvents.Readable, out var readiness), readiness));
        Run("canceller", () =>
        {
            _withdrawn = Slot.TryWithdraw(word);
            if (_withdrawn && Slot.TryWait(_second, out _, out _) == WaitResult.Ready)
            {
                _second.OnReady(default);
            }
        });
    }

    public override bool MayRest() => false;

    public override void Check()
    {
        Require(_first.Told == (_withdrawn ? 0 : 1), $"withdrawn: {_withdrawn}, told {_first.Told} times");
        Require(_second.Told == (_withdrawn ? 1 : 0), $"withdrawn: {_withdrawn}, the next one was told {_second.Told} times");
    }
}

/// <summary>A wait that begins, an event and a close: it ends once.</summary>
internal sealed class ReadyMeetsClose : ReadyScenario
{
    private readonly Waiter _waiter = new();
    private WaitResult _result;

    public ReadyMeetsClose()
    {
        Run("waiter", () => _result = Slot.TryWait(_waiter, out _, out _));
        Run("poller", () => Tell(Slot.Raise(IoEvents.Readable, out var readiness), readiness));
        Run("closer", () => Slot.Close()?.OnClosed());
    }

    public override bool MayRest() => false;

    public override void Check() => Require(
        _waiter.Told + _waiter.Closed == (_result == WaitResult.Waits ? 1 : 0), $"{_result}, told {_waiter.Told} times, closed {_waiter.Closed} times");
}

/// <summary>A handler that takes the place for good, an await and an event: only one of the two gets in, and an event ends no reservation.</summary>
internal sealed class ReadyMeetsReservation : ReadyScenario
{
    private readonly Waiter _waiter = new();
    private readonly Waiter _handler = new();
    private WaitResult _reserved;
    private WaitResult _awaited;
    private WaitResult _waited = WaitResult.Closed;

    public ReadyMeetsReservation()
    {
        Run("handler", () =>
        {
            _reserved = Slot.TryReserve();
            if (_reserved == WaitResult.Ready)
            {
                _waited = Slot.TryWait(_handler, out _, out _, hasReserved: true);
            }
        });
        Run("waiter", () => _awaited = Slot.TryWait(_waiter, out _, out _));
        Run("poller", () => Tell(Slot.Raise(IoEvents.Readable, out var readiness), readiness));
    }

    public override bool MayRest() => false;

    public override void Check()
    {
        var isReserved = _reserved == WaitResult.Ready;
        Require(isReserved || _awaited != WaitResult.Occupied, $"reserved: {_reserved}, awaited: {_awaited}: nobody got in");
        Require(!isReserved || Slot.TryReserve() == WaitResult.Occupied, "the reservation is gone");
        Require(!isReserved || _waited != WaitResult.Occupied, "an await has taken the reserved place");
        Require(_handler.Told == (_waited == WaitResult.Waits ? 1 : 0), $"the handler waits: {_waited}, told {_handler.Told} times");
        Require(_waiter.Told == (_awaited == WaitResult.Waits ? 1 : 0), $"awaited: {_awaited}, told {_waiter.Told} times");
    }
}
