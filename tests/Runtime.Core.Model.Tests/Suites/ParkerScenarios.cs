using Runtime.Core.Concurrency;
using Runtime.Core.Model.Tests.Engine;

namespace Runtime.Core.Model.Tests.Suites;

/// <summary>What was written before an unpark is seen after the park.</summary>
internal sealed class ParkerHandsOver : Scenario
{
    private readonly FutexParker _parker = new();
    private Cell<int> _content;

    public ParkerHandsOver()
    {
        Run("owner", () =>
        {
            _parker.Park();
            Require(_content.Value == 1, "woken without what the waker wrote");
        });
        Run("waker", () =>
        {
            _content.Value = 1;
            _parker.Unpark();
        });
    }
}

/// <summary>Two wakers, one condition: many unparks may count as one, but none is lost.</summary>
internal sealed class ParkerWithTwoWakers : Scenario
{
    private readonly FutexParker _parker = new();
    private AtomicInt32 _first;
    private AtomicInt32 _second;

    public ParkerWithTwoWakers()
    {
        Run("owner", () =>
        {
            while (_first.Value + _second.Value < 2)
            {
                _parker.Park();
            }
        });
        Run("first", () =>
        {
            _first.Value = 1;
            _parker.Unpark();
        });
        Run("second", () =>
        {
            _second.Value = 1;
            _parker.Unpark();
        });
    }
}

/// <summary>A park that times out leaves the token of a late unpark for the next.</summary>
internal sealed class ParkerTimesOut : Scenario
{
    private readonly FutexParker _parker = new();
    private Cell<int> _content;

    public ParkerTimesOut()
    {
        Run("owner", () =>
        {
            if (!_parker.Park(TimeSpan.FromSeconds(1)))
            {
                _parker.Park();
            }

            Require(_content.Value == 1, "woken without what the waker wrote");
        });
        Run("waker", () =>
        {
            _content.Value = 1;
            _parker.Unpark();
        });
    }
}
