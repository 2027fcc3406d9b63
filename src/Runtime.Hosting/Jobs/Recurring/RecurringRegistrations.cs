namespace Runtime.Hosting.Jobs;

/// <summary>Writes the recurring jobs that the application's code names. The last of several with one name counts.</summary>
internal sealed class RecurringRegistrations(IEnumerable<RecurringRegistration> registrations, RecurringJobClient client)
{
    public async ValueTask PutAllAsync(CancellationToken cancellationToken)
    {
        foreach (var registration in registrations.GroupBy(static one => one.Name, StringComparer.Ordinal).Select(static same => same.Last()))
        {
            await registration.Put(client, cancellationToken);
        }
    }
}
