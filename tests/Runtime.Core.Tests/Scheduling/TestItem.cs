namespace Runtime.Core.Tests.Scheduling;

/// <summary>An item for tests of the queues themselves.</summary>
internal sealed class TestItem(int id) : WorkItem
{
    public int Id => id;

    // How often it was taken out of a queue; by Interlocked.
    public int Taken;

    protected override void Execute() => Interlocked.Increment(ref Taken);
}
