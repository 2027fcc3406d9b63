using Runtime.Core.Concurrency;
using Runtime.Core.Model.Tests.Engine;

namespace Runtime.Core.Model.Tests.Litmus;

/// <summary>Data, then a flag; whoever sees the flag must see the data.</summary>
internal sealed class MessagePassing : Scenario
{
    private AtomicInt32 _data;
    private AtomicInt32 _flag;

    public MessagePassing()
    {
        Run("sender", () =>
        {
            _data.Value = 1;
            _flag.Value = 1;
        });
        Run("receiver", () => Require(_flag.Value == 0 || _data.Value == 1, "flag without data"));
    }

    /// <summary>The same with a plain field, which makes it a race when the flag is not looked at.</summary>
    internal sealed class OfCell : Scenario
    {
        private Cell<int> _data;
        private AtomicInt32 _flag;

        public OfCell()
        {
            Run("sender", () =>
            {
                _data.Value = 1;
                _flag.Value = 1;
            });
            Run("receiver", () => Require(_flag.Value == 0 || _data.Value == 1, "flag without data"));
        }
    }

    internal sealed class OfCellUnasked : Scenario
    {
        private Cell<int> _data;
        private AtomicInt32 _flag;

        public OfCellUnasked()
        {
            Run("sender", () =>
            {
                _data.Value = 1;
                _flag.Value = 1;
            });
            Run("receiver", () => _ = _data.Value + _flag.Value);
        }
    }
}

/// <summary>Two writers, two readers: do the readers agree on which write came first?</summary>
internal abstract class IndependentReads : Scenario
{
    private AtomicInt32 _x;
    private AtomicInt32 _y;
    private bool _xFirst;
    private bool _yFirst;

    protected IndependentReads()
    {
        Run("x", () => _x.Value = 1);
        Run("y", () => _y.Value = 1);
        Run("reads x, y", () =>
        {
            var x = _x.Value;
            Between();
            _xFirst = x == 1 && _y.Value == 0;
        });
        Run("reads y, x", () =>
        {
            var y = _y.Value;
            Between();
            _yFirst = y == 1 && _x.Value == 0;
        });
    }

    public override void Check() => Require(!_xFirst || !_yFirst, "the readers disagree");

    protected abstract void Between();

    internal sealed class Bare : IndependentReads
    {
        protected override void Between()
        {
        }
    }

    internal sealed class Fenced : IndependentReads
    {
        protected override void Between() => Fence.Full();
    }
}

/// <summary>Two loads of one word never go back in time.</summary>
internal sealed class Coherence : Scenario
{
    private AtomicInt32 _x;

    public Coherence()
    {
        Run("writer", () =>
        {
            _x.Value = 1;
            _x.Value = 2;
        });
        Run("reader", () =>
        {
            var first = _x.Value;
            Require(_x.Value >= first, "older after newer");
        });
    }
}

/// <summary>What the sender of a sender knew reaches the receiver.</summary>
internal sealed class Causality : Scenario
{
    private AtomicInt32 _x;
    private AtomicInt32 _y;
    private AtomicInt32 _z;

    public Causality()
    {
        Run("first", () => _x.Value = 1);
        Run("second", () =>
        {
            if (_x.Value == 1)
            {
                _y.Value = 1;
            }
        });
        Run("third", () =>
        {
            if (_y.Value == 1)
            {
                Require(_x.Value == 1, "the effect without its cause");
            }

            _z.Value = 1;
        });
    }
}
