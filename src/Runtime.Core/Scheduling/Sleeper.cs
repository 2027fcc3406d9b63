namespace Runtime.Core.Scheduling;

/// <summary>What an <see cref="IdleSet"/> holds: something that searches, parks and can be woken.</summary>
internal abstract class Sleeper
{
    /// <summary>Whether the idle set counts it as searching. Written by a waker under the set's lock while it is parked, else by its own thread.</summary>
    public bool IsSearching { get; set; }

    /// <summary>Ends its park, or its next one.</summary>
    public abstract void Unpark();
}
