namespace Runtime.Hosting.Jobs;

/// <summary>A signal for one waiter: set any number of times, it wakes the waiter once. A set that comes first is kept.</summary>
/// <remarks>Thread safe; one caller may wait at a time.</remarks>
internal sealed class Pulse(TimeProvider clock)
{
    // A timer cannot wait for longer, and looking once a day costs nothing.
    private static readonly TimeSpan Longest = TimeSpan.FromDays(1);

    private readonly Lock _lock = new();
    private TaskCompletionSource? _waiter;
    private bool _isSet;

    public void Set()
    {
        TaskCompletionSource? waiter;
        lock (_lock)
        {
            _isSet = true;
            waiter = _waiter;
            _waiter = null;
        }

        waiter?.TrySetResult();
    }

    /// <summary>Waits until it is set, at most for a time. Both are reasons to look.</summary>
    public async ValueTask WaitAsync(TimeSpan? atMost)
    {
        Task signal;
        lock (_lock)
        {
            if (_isSet)
            {
                _isSet = false;
                return;
            }

            _waiter = new(TaskCreationOptions.RunContinuationsAsynchronously);
            signal = _waiter.Task;
        }

        if (atMost is { } time)
        {
            await signal.WaitAsync(time < TimeSpan.Zero ? TimeSpan.Zero : time > Longest ? Longest : time, clock).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        }
        else
        {
            await signal;
        }

        lock (_lock)
        {
            _waiter = null;
            _isSet = false;
        }
    }
}
