using Runtime.Core.Concurrency;
using Runtime.Core.Model.Tests.Engine;

namespace Runtime.Core.Model.Tests.Litmus;

/// <summary>Dekker's handshake: each thread stores its own word and then loads the other's.</summary>
internal abstract class StoreBuffering : Scenario
{
    private AtomicInt32 _x;
    private AtomicInt32 _y;
    private int _seenByA = -1;
    private int _seenByB = -1;

    protected StoreBuffering()
    {
        Run("a", () =>
        {
            _x.Value = 1;
            Between();
            _seenByA = _y.Value;
        });
        Run("b", () =>
        {
            _y.Value = 1;
            BetweenOther();
            _seenByB = _x.Value;
        });
    }

    public override void Check() => Require(_seenByA + _seenByB > 0, "neither saw the other");

    protected abstract void Between();

    protected virtual void BetweenOther() => Between();

    internal sealed class Bare : StoreBuffering
    {
        protected override void Between()
        {
        }
    }

    internal sealed class Fenced : StoreBuffering
    {
        protected override void Between() => Fence.Full();
    }

    internal sealed class FencedOnOneSide : StoreBuffering
    {
        protected override void Between() => Fence.Full();

        protected override void BetweenOther()
        {
        }
    }

    internal sealed class FencedByTheOther : StoreBuffering
    {
        protected override void Between() => Fence.ProcessWide();

        protected override void BetweenOther()
        {
        }
    }

    internal sealed class Interlocked : StoreBuffering
    {
        private AtomicInt32 _any;

        protected override void Between() => _any.Add(1);
    }
}
