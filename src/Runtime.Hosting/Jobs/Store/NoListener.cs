namespace Runtime.Hosting.Jobs;

/// <summary>Hears nothing: of a store that nobody has opened, or only to move its jobs.</summary>
internal sealed class NoListener : IJobStoreListener
{
    public static NoListener Instance { get; } = new();

    public IReadOnlyCollection<Guid> Awaited => [];

    public void LeasesLost(string reason)
    {
        // See above.
    }

    public void WorkArrived()
    {
        // See above.
    }

    public void SchedulesChanged()
    {
        // See above.
    }

    public void JobEnded(Guid id)
    {
        // See above.
    }

    public void CancellationRequested(Guid id, string? reason)
    {
        // See above.
    }
}
