using Runtime.Core.Concurrency;
using Runtime.Core.Model.Tests.Engine;

namespace Runtime.Core.Model.Tests.Litmus;

/// <summary>A lock makes a plain counter safe.</summary>
internal sealed class CountingUnderLock : Scenario
{
    private readonly Lock _lock = new();
    private Cell<int> _count;

    public CountingUnderLock()
    {
        Run("a", Add);
        Run("b", Add);
    }

    public override void Check() => Require(_count.Value == 2, "an addition was lost");

    private void Add()
    {
        using (_lock.EnterScope())
        {
            _count.Value++;
        }
    }
}

/// <summary>An atomic load and store do not make an atomic addition.</summary>
internal sealed class CountingInTwoSteps : Scenario
{
    private AtomicInt32 _count;

    public CountingInTwoSteps()
    {
        Run("a", () => _count.Value++);
        Run("b", () => _count.Value++);
    }

    public override void Check() => Require(_count.Value == 2, "an addition was lost");
}

/// <summary>Two locks in two orders.</summary>
internal sealed class Embrace : Scenario
{
    private readonly Lock _left = new();
    private readonly Lock _right = new();

    public Embrace()
    {
        Run("a", () => Take(_left, _right));
        Run("b", () => Take(_right, _left));
    }

    private static void Take(Lock first, Lock second)
    {
        using (first.EnterScope())
        using (second.EnterScope())
        {
            // both
        }
    }
}

/// <summary>A loop that waits for what nobody does.</summary>
internal sealed class WaitingForNobody : Scenario
{
    private AtomicInt32 _flag;

    public WaitingForNobody() => Run("a", () =>
    {
        while (_flag.Value == 0)
        {
            Yield();
        }
    });
}

/// <summary>A loop that waits for what another thread does.</summary>
internal sealed class WaitingForAnother : Scenario
{
    private AtomicInt32 _flag;

    public WaitingForAnother()
    {
        Run("a", () =>
        {
            while (_flag.Value == 0)
            {
                Yield();
            }
        });
        Run("b", () => _flag.Value = 1);
    }
}
