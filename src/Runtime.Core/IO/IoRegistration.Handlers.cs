namespace Runtime.Core.IO;

// Handlers: a call for each event, instead of an await.
public sealed partial class IoRegistration
{
    // Those that are set, by kind; under the loop's lock for it: one for each registration would weigh more than it is worth.
    private Dictionary<IoEvents, HandlerItem>? _handlers;

    /// <summary>Has a function called on a worker whenever an event of one kind has happened, in place of awaits for that kind.</summary>
    /// <param name="which">One of <see cref="IoEvents.Readable"/>, <see cref="IoEvents.Writable"/>, <see cref="IoEvents.Error"/> and <see cref="IoEvents.Timer"/>.</param>
    /// <param name="handler">
    /// What to call; <see langword="null"/> for nobody any more. It does not block. When it leaves its event ready, because it has not found the end and called <see cref="Clear"/>,
    /// it is called again behind the other work that waits.
    /// </param>
    /// <remarks>
    /// Thread safe. One call at a time for each kind; handlers for errors and timers are queued at <see cref="TaskPriority.High"/>, ahead of those for bulk readiness.
    /// What it throws goes to <see cref="AsyncRuntime.UnhandledException"/>; later events are told all the same. Events allocate nothing.
    /// A handler that is replaced may be in a call, and may get one more that was queued already.
    /// </remarks>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="which"/> is not one of the four.</exception>
    /// <exception cref="InvalidOperationException">Somebody awaits this kind of event; what was set before stays. While a handler is set, awaits for its kind are refused in the same way.</exception>
    /// <exception cref="ObjectDisposedException">The registration was disposed of, or the runtime has stopped.</exception>
    public void SetHandler(IoEvents which, Action<IoRegistration, IoReadiness>? handler)
    {
        if (which is not (IoEvents.Readable or IoEvents.Writable or IoEvents.Error or IoEvents.Timer))
        {
            throw new ArgumentOutOfRangeException(nameof(which), which, "A handler is for one kind of event: Readable, Writable, Error or Timer. Set one for each kind.");
        }

        lock (_loop.HandlersLock)
        {
            var handlers = _handlers ??= [];
            if (!handlers.TryGetValue(which, out var item))
            {
                handlers.Add(which, item = new HandlerItem(this, which));
            }

            item.Set(handler);
        }
    }
}
