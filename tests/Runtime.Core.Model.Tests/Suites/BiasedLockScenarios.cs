using Runtime.Core.Concurrency;
using Runtime.Core.Model.Tests.Engine;

namespace Runtime.Core.Model.Tests.Suites;

/// <summary>An owner that enters again and again, and visitors that keep it out: never two inside at once.</summary>
internal class BiasedLockWithOneVisitor : Scenario
{
    // A race on it is what the lock has to prevent; the model finds it.
    private Cell<int> _content;
    private BiasedLock _lock;
    private int _entered;
    private int _visited;

    public BiasedLockWithOneVisitor()
    {
        Run("owner", () =>
        {
            Enter();
            Enter();
        });
        Run("visitor", () => Visit(1));
    }

    public override void Check() => Require(_content.Value == _entered + (100 * _visited), $"{_content.Value} after {_entered} entries and {_visited} visits");

    protected void Enter()
    {
        if (_lock.TryEnter())
        {
            _content.Value++;
            _entered++;
            _lock.Exit();
        }
    }

    protected void Visit(int times)
    {
        for (var i = 0; i < times; i++)
        {
            if (_lock.TryRevoke())
            {
                _content.Value += 100;
                _visited++;
            }

            _lock.Restore();
        }
    }
}

/// <summary>A visitor that comes twice: what the owner does in between is not lost.</summary>
internal sealed class BiasedLockWithTwoVisits : BiasedLockWithOneVisitor
{
    public BiasedLockWithTwoVisits()
    {
        Bodies.Clear();
        Run("owner", Enter);
        Run("visitor", () => Visit(2));
    }
}
