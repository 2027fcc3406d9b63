namespace Runtime.Jobs.PostgreSql;

/// <summary>Hears what other processes tell.</summary>
internal interface INotificationSink
{
    void WorkArrived();

    void SchedulesChanged();

    void JobEnded(Guid id);

    /// <summary>Somebody wants a running job cancelled; it may be ours.</summary>
    void CancellationsArrived();

    /// <summary>Messages may have been missed.</summary>
    void Missed();
}
