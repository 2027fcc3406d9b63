namespace Runtime.Core.Concurrency;

/// <summary>Lets one thread sleep until another one wakes it.</summary>
/// <remarks>
/// One thread, the owner, parks; any thread may unpark. At most one token is remembered: an unpark before the park
/// makes that park return at once, and many unparks count as one. What a thread wrote before <see cref="Unpark"/>
/// is seen by the owner after the park that consumes the token.
/// An <see cref="Unpark"/> that races with <see cref="Dispose"/>, or comes after it, is harmless.
/// </remarks>
internal abstract class Parker : IDisposable
{
    // Written by Dispose, read by the owner at the entry of a park: parking on a disposed parker is a bug worth a stack trace.
    private volatile bool _disposed;

    /// <summary>Creates the best parker of this system: a futex on Linux x64 and arm64, a monitor elsewhere.</summary>
    public static Parker Create() => FutexParker.IsSupported ? new FutexParker() : new MonitorParker();

    /// <summary>Blocks until there is a token, and takes it. Owner only.</summary>
    /// <exception cref="ObjectDisposedException">The parker was disposed before the call.</exception>
    public void Park()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        ParkCore();
    }

    /// <summary>Blocks until there is a token, and takes it, or until the time is over. Owner only.</summary>
    /// <param name="timeout">How long at most; zero only looks, <see cref="Timeout.InfiniteTimeSpan"/> waits for ever.</param>
    /// <returns><see langword="false"/> when the time passed without a token; never before the time has passed.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="timeout"/> is negative and not infinite.</exception>
    /// <exception cref="ObjectDisposedException">The parker was disposed before the call.</exception>
    public bool Park(TimeSpan timeout)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (timeout == Timeout.InfiniteTimeSpan)
        {
            ParkCore();
            return true;
        }

        ArgumentOutOfRangeException.ThrowIfLessThan(timeout, TimeSpan.Zero);
        return ParkCore(timeout);
    }

    /// <summary>Leaves a token and wakes the owner if it is parked. Any thread, any number of times, also after <see cref="Dispose"/>.</summary>
    public abstract void Unpark();

    /// <summary>Ends the use of the parker. The owner must not be parked.</summary>
    public void Dispose() => _disposed = true;

    protected abstract void ParkCore();

    protected abstract bool ParkCore(TimeSpan timeout);
}
