using Runtime.Core.Concurrency;
using Runtime.Core.Model.Tests.Engine;
using Runtime.Core.Timing;

namespace Runtime.Core.Model.Tests.Suites;

/// <summary>Ticks, callbacks and a dispose at the <see cref="CallbackGate"/> of a timer.</summary>
internal abstract class GateScenario : Scenario
{
    // On the pinned heap: the gate works on the addresses of its fields.
    private readonly CallbackGate[] _gate = GC.AllocateArray<CallbackGate>(1, pinned: true);

    // How often the work item is in a queue, how many callbacks run, and what the dispose has seen.
    private int _queued;
    private int _running;
    private int _calls;
    private bool _isOver;

    public override void Check()
    {
        Require(_queued == 0, "a work item is left");
        Require(!_isOver || _running == 0, "a callback runs after the end");
        Require(_calls > 0 || _isOver, "a tick had no callback");
    }

    protected void Tick()
    {
        if (_gate[0].TryQueue())
        {
            _queued++;
            Require(_queued == 1, "the work item is in the queue twice");
        }
    }

    protected void Execute()
    {
        if (_queued == 0)
        {
            return;
        }

        _queued--;
        if (_gate[0].TryEnter())
        {
            Require(!_isOver, "a callback starts after the end");
            _running++;
            _calls++;
            Yield();
            _running--;
            _gate[0].Exit();
        }
    }

    protected void Dispose()
    {
        _gate[0].Close();
        var idle = _gate[0].WhenIdle();
        Execution.Current.WaitUntil(() => idle.IsCompleted || _queued > 0, "the callbacks to end");
        if (idle.IsCompleted)
        {
            _isOver = true;
            Require(_running == 0, "the dispose ends while a callback runs");
        }
    }
}

/// <summary>Two ticks, an executor, a dispose.</summary>
internal sealed class GateTickAndDispose : GateScenario
{
    public GateTickAndDispose()
    {
        Run("clock", () =>
        {
            Tick();
            Execute();
            Tick();
            Execute();
        });
        Run("dispose", Dispose);
    }
}

/// <summary>Callbacks that overlap, and a dispose that waits for the last.</summary>
internal sealed class GateOverlap : GateScenario
{
    public GateOverlap()
    {
        Run("clock", () =>
        {
            Tick();
            Execute();
        });
        Run("other", () =>
        {
            Tick();
            Execute();
        });
        Run("dispose", Dispose);
    }
}

/// <summary>A tick that finds the work item queued does nothing: the callback that comes sees what it wrote. Three threads.</summary>
internal sealed class GateServesEveryTick : Scenario
{
    private readonly CallbackGate[] _gate = GC.AllocateArray<CallbackGate>(1, pinned: true);
    private readonly Cell<int>[] _written = new Cell<int>[2];

    // Which ticks have been asked for and not been served, and how often the work item is queued.
    private readonly bool[] _isOpen = new bool[2];
    private int _queued;

    public GateServesEveryTick()
    {
        Run("first", () => Tick(0));
        Run("second", () => Tick(1));
        Run("executor", () =>
        {
            Serve();
            Serve();
        });
    }

    public override bool MayRest() => _queued == 0; // one callback has served both

    public override void Check()
    {
        Require(_queued == 0, "a work item is left");
        Require(!_isOpen[0] && !_isOpen[1], "a tick was not served");
    }

    private void Tick(int index)
    {
        _written[index].Value = 1;
        var mustQueue = _gate[0].TryQueue();
        _isOpen[index] = true;
        _queued += mustQueue ? 1 : 0;
    }

    private void Serve()
    {
        Execution.Current.WaitUntil(() => _queued > 0, "a tick");
        _queued--;
        bool[] asked = [_isOpen[0], _isOpen[1]];
        Require(_gate[0].TryEnter(), "closed");
        for (var i = 0; i < 2; i++)
        {
            if (asked[i])
            {
                Require(_written[i].Value == 1, "the callback does not see what the tick wrote");
                _isOpen[i] = false;
            }
        }

        _gate[0].Exit();
    }
}
