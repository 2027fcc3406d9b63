using Runtime.Core.Concurrency;
using Runtime.Core.Model.Tests.Engine;

namespace Runtime.Core.Model.Tests.Suites;

/// <summary>An operation that is awaited, by way of <see cref="AwaitCore{T}"/>: who ends it, who awaits it, and who runs the continuation.</summary>
internal abstract class AwaitScenario : Scenario
{
    private AwaitCore<string> _core;
    private Cell<int> _result;

    // The queue of continuations. Its push and pop order what they hand over, as those of the scheduler do.
    private AtomicInt32 _queue;

    // What happened, for the check.
    private int _settled;
    private int _queued;
    private int _resumed;
    private int _taken;
    private AwaitOutcome _winner;
    private AwaitOutcome _outcome;

    // The version of this use; opened by the thread that sets up.
    private readonly short _version;

    protected AwaitScenario() => _version = _core.Open();

    /// <summary>Whether the outcome has been taken.</summary>
    protected bool IsOver => _taken > 0;

    public override void Check()
    {
        Require(_settled == 1, $"settled {_settled} times");
        Require(_queued == _resumed, "a continuation was not run");
        Require(_taken == 1, $"taken {_taken} times");
        Require(_outcome == _winner, $"{_winner} won, {_outcome} was taken");
    }

    /// <summary>Ends it as the only one who may, with a result.</summary>
    protected void SettleWithResult()
    {
        _result.Value = 42;
        Settle(AwaitOutcome.Succeeded);
    }

    protected void Settle(AwaitOutcome outcome)
    {
        switch (_core.Settle(outcome))
        {
            case SettleResult.Lost:
                return;
            case SettleResult.Wake:
                Queue();
                break;
        }

        _settled++;
        _winner = outcome;
    }

    /// <summary>Awaits it, as compiled code does. Whatever is not complete goes on in <see cref="RunContinuation"/>.</summary>
    protected void Await(bool readsResult, bool defers = false)
    {
        if (_core.Look(_version) != AwaitOutcome.None && !defers)
        {
            Take(readsResult);
        }
        else if (_core.Register(_version, "continuation") == RegisterResult.Settled)
        {
            Queue();
        }
    }

    /// <summary>The worker that runs the continuation, if there is to be one.</summary>
    protected void RunContinuation(bool readsResult)
    {
        Execution.Current.WaitUntil(() => _queued > _resumed || IsOver, "the continuation");
        if (IsOver)
        {
            return;
        }

        Require(_queue.Exchange(0) == 1, "the queue has lost the continuation");
        _resumed++;
        Require(_core.Continuation == "continuation", "not the continuation of this await");
        _core.Resume();
        Take(readsResult);
    }

    /// <summary>A second await of the same use, which is a mistake.</summary>
    protected void AwaitByMistake()
    {
        try
        {
            if (_core.Look(_version) != AwaitOutcome.None)
            {
                Take(readsResult: true);
            }
        }
        catch (InvalidOperationException)
        {
            // Told so.
        }
    }

    protected void TakeByMistake()
    {
        try
        {
            Take(readsResult: true);
        }
        catch (InvalidOperationException)
        {
            // Told so.
        }
    }

    protected void Take(bool readsResult)
    {
        var outcome = _core.Take(_version);
        Require(_queued == _resumed, "taken while the object is in a queue");
        Require(outcome != AwaitOutcome.None, "taken without an outcome");
        _outcome = outcome;
        _taken++;
        Require(_taken == 1, "taken twice");
        if (readsResult)
        {
            Require(_result.Value == 42, "the result is not there");
        }
    }

    private void Queue()
    {
        Require(_queued == 0, "the continuation is queued twice");
        _queue.Exchange(1);
        _queued++;
    }
}

/// <summary>The operation ends while it is awaited: the awaiter sees the result, whoever comes first.</summary>
internal sealed class AwaitMeetsSettle : AwaitScenario
{
    public AwaitMeetsSettle()
    {
        Run("operation", SettleWithResult);
        Run("awaiter", () => Await(readsResult: true));
        Run("worker", () => RunContinuation(readsResult: true));
    }
}

/// <summary>The same for an awaiter without budget: it registers although there is an outcome.</summary>
internal sealed class AwaitDeferred : AwaitScenario
{
    public AwaitDeferred()
    {
        Run("operation", SettleWithResult);
        Run("awaiter", () => Await(readsResult: true, defers: true));
        Run("worker", () => RunContinuation(readsResult: true));
    }
}

/// <summary>A timer, a cancellation and the awaiter: one of the two ends the delay.</summary>
internal sealed class AwaitMeetsTimerAndCancellation : AwaitScenario
{
    public AwaitMeetsTimerAndCancellation()
    {
        Run("timer", () => Settle(AwaitOutcome.Succeeded));
        Run("canceller", () => Settle(AwaitOutcome.Cancelled));
        Run("awaiter", () => Await(readsResult: false));
        Run("worker", () => RunContinuation(readsResult: false));
    }
}

/// <summary>A second await of the same value task, while the first one is under way: it never takes what the first one is about to.</summary>
internal sealed class AwaitTwice : AwaitScenario
{
    public AwaitTwice()
    {
        Run("operation", SettleWithResult);
        Run("awaiter", () =>
        {
            try
            {
                Await(readsResult: true);
            }
            catch (InvalidOperationException)
            {
                // The other one was first.
            }
        });
        Run("worker", () =>
        {
            try
            {
                RunContinuation(readsResult: true);
            }
            catch (InvalidOperationException)
            {
                // The other one took it once the continuation had begun.
            }
        });
        Run("mistake", AwaitByMistake);
    }
}

/// <summary>Two takes of one outcome: one gets it, the other an error.</summary>
internal sealed class AwaitTakenTwice : AwaitScenario
{
    public AwaitTakenTwice()
    {
        SettleWithResult();
        Run("first", TakeByMistake);
        Run("second", TakeByMistake);
    }
}
