using System.Diagnostics.CodeAnalysis;

namespace Runtime.Core.Memory;

/// <summary>Calls back after each collection of generation 2, as long as the target lives. The library's own array pool trims itself this way.</summary>
[SuppressMessage("Design", "MA0055:Do not use finalizer", Justification = "The only way to hear of a collection without polling")]
internal sealed class GenerationTwoWatch
{
    private readonly WeakReference<ICollectionListener> _target;

    private GenerationTwoWatch(ICollectionListener target) => _target = new WeakReference<ICollectionListener>(target);

    // Not held by anybody: it is found unreachable by each collection of the generation that it is in, and has itself finalized again.
    ~GenerationTwoWatch()
    {
        if (_target.TryGetTarget(out var listener) && listener.OnCollection())
        {
            GC.ReRegisterForFinalize(this);
        }
    }

    public static void Start(ICollectionListener target) => _ = new GenerationTwoWatch(target);
}

/// <summary>Something that keeps memory and lets go of some when the collector has been there.</summary>
internal interface ICollectionListener
{
    /// <summary>A collection of generation 2 is over. On the finalizer thread: must be quick and must not throw.</summary>
    /// <returns>Whether to call again after the next.</returns>
    bool OnCollection();
}
