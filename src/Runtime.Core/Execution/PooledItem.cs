namespace Runtime.Core.Execution;

/// <summary>A work item of the runtime's own that serves one call after another, from an <see cref="ItemPool"/>.</summary>
internal abstract class PooledItem : WorkItem
{
    /// <summary>The next free one. For the pool.</summary>
    internal PooledItem? NextFree;
}
