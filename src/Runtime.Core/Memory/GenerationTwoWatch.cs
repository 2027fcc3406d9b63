using System.Diagnostics.CodeAnalysis;

namespace Runtime.Core.Memory;

/// <summary>Calls back after each collection of generation 2, as long as the target lives. The library's own array pool trims itself this way.</summary>
[SuppressMessage("Design", "MA0055:Do not use finalizer", Justification = "The only way to hear of a collection without polling")]
internal sealed class GenerationTwoWatch
{
    private readonly WeakReference<TieredBufferPool> _target;

    private GenerationTwoWatch(TieredBufferPool target) => _target = new WeakReference<TieredBufferPool>(target);

    // Not held by anybody: it is found unreachable by each collection of the generation that it is in, and has itself finalized again.
    ~GenerationTwoWatch()
    {
        if (_target.TryGetTarget(out var pool) && pool.OnCollection())
        {
            GC.ReRegisterForFinalize(this);
        }
    }

    public static void Start(TieredBufferPool target) => _ = new GenerationTwoWatch(target);
}
