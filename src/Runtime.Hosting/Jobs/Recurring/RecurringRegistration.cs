namespace Runtime.Hosting.Jobs;

/// <summary>A recurring job that the application's code names: written to the store at each start.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Put">Writes it.</param>
internal sealed record RecurringRegistration(string Name, Func<RecurringJobClient, CancellationToken, ValueTask> Put);
