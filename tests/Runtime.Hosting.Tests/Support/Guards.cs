namespace Runtime.Hosting.Tests.Support;

/// <summary>Hang guards: generous, and never what a test measures.</summary>
public static class Guards
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public static Task Guard(this Task task) => task.WaitAsync(Patience);

    public static Task<T> Guard<T>(this Task<T> task) => task.WaitAsync(Patience);
}
