namespace Runtime.Hosting.Jobs;

/// <summary>Writes the recurring jobs that the application's code names. The last of several with one name counts.</summary>
internal sealed class RecurringRegistrations(IEnumerable<RecurringRegistration> registrations, RecurringJobClient client)
{
    /// <exception cref="JobStoreException">Some could not be written; the others have been.</exception>
    public async ValueTask PutAllAsync(CancellationToken cancellationToken)
    {
        JobStoreException? failure = null;
        foreach (var registration in registrations.GroupBy(static one => one.Name, StringComparer.Ordinal).Select(static same => same.Last()))
        {
            try
            {
                await registration.Put(client, cancellationToken);
            }
            catch (JobStoreException exception)
            {
                failure = exception; // another one may belong to a cell that answers
            }
        }

        if (failure is not null)
        {
            throw failure;
        }
    }
}
