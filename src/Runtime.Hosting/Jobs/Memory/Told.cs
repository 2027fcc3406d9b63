namespace Runtime.Hosting.Jobs.Memory;

/// <summary>What one call has to tell the listener once it has left the lock.</summary>
internal sealed class Told
{
    private List<Guid>? _ended;

    public bool Work { get; set; }

    public bool Schedules { get; set; }

    public (Guid Id, string? Reason)? Cancellation { get; set; }

    public void Ended(Guid id) => (_ended ??= []).Add(id);

    public void Tell(IJobStoreListener listener)
    {
        if (Work)
        {
            listener.WorkArrived();
        }

        if (Schedules)
        {
            listener.SchedulesChanged();
        }

        if (Cancellation is { } cancellation)
        {
            listener.CancellationRequested(cancellation.Id, cancellation.Reason);
        }

        foreach (var id in _ended ?? [])
        {
            listener.JobEnded(id);
        }
    }
}
