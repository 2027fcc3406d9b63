namespace Runtime.Core.IO;

/// <summary>What the event loop needs of whoever composes it: awaits that end on the right thread, and queues for handlers.</summary>
internal interface IEventLoopHost
{
    /// <summary>Waits for one kind of event. The value task's exceptions are those of <see cref="IoRegistration.ReadableAsync"/>.</summary>
    ValueTask<IoReadiness> WaitAsync(IoRegistration registration, IoEvents which, CancellationToken cancellationToken);

    /// <summary>Receives as soon as there is anything.</summary>
    ValueTask<int> ReceiveAsync(RuntimeSocket socket, Memory<byte> buffer, CancellationToken cancellationToken);

    /// <summary>Sends what has not been sent, as soon as there is room.</summary>
    ValueTask SendAsync(RuntimeSocket socket, Memory<byte> buffer, int done, CancellationToken cancellationToken);

    /// <summary>Takes a unit of the budget of the code that runs here, if there is any left.</summary>
    bool TryTakeBudget();

    /// <summary>Queues an item that has been waiting.</summary>
    void Queue(WorkItem item);

    /// <summary>Queues an item behind what waits.</summary>
    void QueueYielded(WorkItem item);

    /// <summary>There is something to wait for now: an idle worker is to come and wait.</summary>
    void OnWanted();
}
