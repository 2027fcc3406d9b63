namespace Runtime.Core.Model.Tests.Engine;

/// <summary>A way to weaken one operation.</summary>
internal enum MutationKind
{
    /// <summary>A full fence does nothing.</summary>
    DropFence,

    /// <summary>A process-wide fence does nothing.</summary>
    DropProcessWideFence,

    /// <summary>A release store has no order.</summary>
    RelaxStore,

    /// <summary>An acquire load has no order.</summary>
    RelaxLoad,

    /// <summary>An interlocked operation is a load and then a store.</summary>
    SplitExchange,

    /// <summary>An interlocked operation is atomic, but orders nothing.</summary>
    RelaxExchange,

    /// <summary>A lock is neither taken nor released.</summary>
    DropLock,

    /// <summary>A load answers what the word held at first: a check that is not made.</summary>
    SkipCheck,
}

/// <summary>One weakened operation of the code under test.</summary>
/// <param name="Kind">How.</param>
/// <param name="Site">Where.</param>
internal sealed record Mutation(MutationKind Kind, CallSite Site)
{
    public override string ToString() => $"{Kind} at {Site}";
}

/// <summary>Weakens the operation it is told to, or lists what there is to weaken.</summary>
internal sealed class Mutator(Mutation? mutation)
{
    /// <summary>Every operation that was met, when there is nothing to weaken.</summary>
    public HashSet<Mutation> Met { get; } = [];

    public bool Weakens(MutationKind kind)
    {
        if (mutation is null)
        {
            if (CallSite.OfCaller() is { } met)
            {
                Met.Add(new Mutation(kind, met));
            }

            return false;
        }

        return mutation.Kind == kind && CallSite.OfCaller() == mutation.Site;
    }
}
