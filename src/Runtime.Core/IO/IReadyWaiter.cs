namespace Runtime.Core.IO;

/// <summary>What waits in a <see cref="ReadySlot"/>: an await, a transfer, a handler.</summary>
internal interface IReadyWaiter
{
    /// <summary>The word under which it waits. Written before the wait is published; read by whoever withdraws it.</summary>
    ulong WaitWord { get; set; }

    /// <summary>It is ready. Called once for a wait, on the thread that polls; quick, and without users' code.</summary>
    void OnReady(IoReadiness readiness);

    /// <summary>It never will be: the registration has been closed. Instead of <see cref="OnReady"/>.</summary>
    void OnClosed();
}
