namespace Runtime.Core.IO;

// The time as one more event of a registration: idle limits, heartbeats.
public sealed partial class IoRegistration
{
    // Disposing must find every timer: whoever makes one looks afterwards whether the registration was closed meanwhile.
    private RegistrationTimer Timer
    {
        get
        {
            if (Volatile.Read(ref _timer) is { } timer)
            {
                return timer;
            }

            var made = new RegistrationTimer(_loop.Time);
            if (Interlocked.CompareExchange(ref _timer, made, null) is { } other)
            {
                made.Close();
                return other;
            }

            if (IsClosed)
            {
                made.Close();
            }

            return made;
        }
    }

    /// <summary>Makes <see cref="TimerAsync"/> complete, and the timer's handler be called, when the time has come.</summary>
    /// <param name="dueTime">From now; <see cref="Timeout.InfiniteTimeSpan"/> for not any more.</param>
    /// <param name="period">From then on again and again; <see cref="Timeout.InfiniteTimeSpan"/> for once.</param>
    /// <returns><see langword="false"/> when the registration was disposed of or the runtime has stopped: nothing is set, and the timer never comes. No exception, since a handler may meet the end at any moment.</returns>
    /// <remarks>Thread safe. On the runtime's wheel. It replaces what was set before; an event that was told and not cleared stays. The first use allocates.</remarks>
    /// <exception cref="ArgumentOutOfRangeException">A time is negative and not infinite, or more than about 49.7 days.</exception>
    public bool SetTimer(TimeSpan dueTime, TimeSpan period) => Timer.Set(dueTime, period);

    /// <inheritdoc cref="SetTimer(TimeSpan, TimeSpan)"/>
    public bool SetTimer(TimeSpan dueTime) => SetTimer(dueTime, Timeout.InfiniteTimeSpan);

    /// <summary>Waits for the time set with <see cref="SetTimer(TimeSpan)"/>. It stays ready until <see cref="Clear"/>.</summary>
    /// <inheritdoc cref="ReadableAsync"/>
    public ValueTask<IoReadiness> TimerAsync(CancellationToken cancellationToken = default) => _loop.Host.WaitAsync(this, IoEvents.Timer, cancellationToken);

    // What a timer needs; most registrations have none.
    private sealed class RegistrationTimer
    {
        private readonly ITimer _timer;

        public ReadySlot Slot;

        public RegistrationTimer(TimeProvider time)
        {
            // No AsyncLocal of whoever is first may live on in the timer.
            using (ExecutionContext.SuppressFlow())
            {
                _timer = time.CreateTimer(static self => ((RegistrationTimer)self!).OnDue(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            }
        }

        public bool Set(TimeSpan dueTime, TimeSpan period) => _timer.Change(dueTime, period);

        public void Close()
        {
            _timer.Dispose();
            Slot.Close()?.OnClosed();
        }

        private void OnDue() => Slot.Raise(IoEvents.Timer, out var readiness)?.OnReady(readiness);
    }
}
