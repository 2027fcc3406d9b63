namespace Runtime.Hosting.Tests.Support;

/// <summary>Waits for something that gives no signal to a test.</summary>
public static class Waiting
{
    /// <summary>Looks again and again, a little apart, until something is so; fails after <see cref="Guards.Patience"/>.</summary>
    public static async Task UntilAsync(Func<Task<bool>> isSo)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(5), TimeProvider.System);
        using var patience = new CancellationTokenSource(Guards.Patience, TimeProvider.System);
        while (!await isSo())
        {
            await timer.WaitForNextTickAsync(patience.Token);
        }
    }
}
