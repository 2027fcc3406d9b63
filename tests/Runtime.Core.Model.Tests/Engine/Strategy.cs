namespace Runtime.Core.Model.Tests.Engine;

/// <summary>Makes the decisions of an execution, and remembers them so that it can be repeated.</summary>
internal abstract class Strategy
{
    /// <summary>The decisions of the present execution.</summary>
    public abstract IReadOnlyList<int> Taken { get; }

    /// <summary>Whether the number of preemptions is limited.</summary>
    public virtual bool IsBounded => true;

    public abstract int Choose(int count);

    public virtual int ChooseThread(List<ModelThread> candidates, int step) => Choose(candidates.Count);

    /// <summary>Whether everything that can follow has been explored already, with at least as many preemptions left.</summary>
    public virtual bool HasSeen(ulong state, int preemptions) => false;
}

/// <summary>Repeats what was decided once.</summary>
internal sealed class ReplayStrategy(IReadOnlyList<int> choices, bool bounded) : Strategy
{
    private int _next;

    public override IReadOnlyList<int> Taken => choices;

    public override bool IsBounded => bounded;

    public override int Choose(int count) => _next < choices.Count ? Math.Min(choices[_next++], count - 1) : 0;
}
