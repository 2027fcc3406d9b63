namespace Runtime.Hosting.Jobs.Memory;

/// <summary>What one call has to tell the listener once it has left the lock.</summary>
internal sealed class Told
{
    private List<Guid>? _ended;
    private List<(Guid Id, string? Reason)>? _cancellations;

    public bool Work { get; set; }

    public bool Schedules { get; set; }

    public void Cancel(Guid id, string? reason) => (_cancellations ??= []).Add((id, reason));

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

        foreach (var (id, reason) in _cancellations ?? [])
        {
            listener.CancellationRequested(id, reason);
        }

        foreach (var id in _ended ?? [])
        {
            listener.JobEnded(id);
        }
    }
}
