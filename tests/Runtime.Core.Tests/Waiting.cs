namespace Runtime.Core.Tests;

/// <summary>Guards against hangs: every wait of a test ends, one way or the other.</summary>
internal static class Waiting
{
    public static readonly TimeSpan HangGuard = TimeSpan.FromSeconds(30);

    public static Task Guarded(this Task task) => task.WaitAsync(HangGuard, TimeProvider.System);

    public static Task<T> Guarded<T>(this Task<T> task) => task.WaitAsync(HangGuard, TimeProvider.System);

    public static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    public static TaskCompletionSource<T> NewSignal<T>() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
