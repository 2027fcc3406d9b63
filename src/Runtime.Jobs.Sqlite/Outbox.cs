using Runtime.Hosting.Jobs;

namespace Runtime.Jobs.Sqlite;

/// <summary>What a transaction has to tell once it has committed.</summary>
internal sealed class Outbox
{
    private List<Guid>? _ended;
    private List<(Guid Id, string? Reason)>? _cancellations;

    public bool Work { get; set; }

    public bool Schedules { get; set; }

    /// <summary>Gets or sets whether something begins because of what was written, so that the disk has to have it first.</summary>
    public bool NeedsSync { get; set; }

    public void Ended(Guid id) => (_ended ??= []).Add(id);

    public void Cancel(Guid id, string? reason) => (_cancellations ??= []).Add((id, reason));

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
