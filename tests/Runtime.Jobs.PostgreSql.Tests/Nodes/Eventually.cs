namespace Runtime.Jobs.PostgreSql.Tests.Nodes;

/// <summary>Waits for what happens in another process or connection, which can only be watched.</summary>
internal static class Eventually
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(60);

    public static Task TrueAsync(Func<bool> condition) => TrueAsync(() => Task.FromResult(condition()));

    public static async Task TrueAsync(Func<Task<bool>> condition)
    {
        for (var began = TimeProvider.System.GetTimestamp(); !await condition(); await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System))
        {
            TimeProvider.System.GetElapsedTime(began).ShouldBeLessThan(Longest, "it never came");
        }
    }
}
