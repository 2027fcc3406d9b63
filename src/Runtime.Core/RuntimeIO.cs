using Runtime.Core.Execution;
using Runtime.Core.IO;

namespace Runtime.Core;

/// <summary>Joins the event loop, which knows no awaits, and the dispatcher, which knows no handles.</summary>
internal sealed class RuntimeIO(WorkDispatcher dispatcher) : IEventLoopHost
{
    public ValueTask<IoReadiness> WaitAsync(IoRegistration registration, IoEvents which, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<IoReadiness>(cancellationToken);
        }

        ref var slot = ref registration.SlotOf(which);
        if (slot.Look() is { IsReady: true } ready && !slot.IsClosed && CooperativeBudget.TryTake())
        {
            return new ValueTask<IoReadiness>(ready);
        }

        return dispatcher.Pool.Take<ReadinessItem>().Start(dispatcher.Pool, registration, which, cancellationToken);
    }

    public ValueTask<int> ReceiveAsync(RuntimeSocket socket, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<int>(cancellationToken);
        }

        var item = dispatcher.Pool.Take<TransferItem>();
        return new ValueTask<int>(item, item.Start(dispatcher, socket, TransferKind.Receive, buffer, 0, cancellationToken));
    }

    public ValueTask SendAsync(RuntimeSocket socket, Memory<byte> buffer, int done, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled(cancellationToken);
        }

        var item = dispatcher.Pool.Take<TransferItem>();
        return new ValueTask(item, item.Start(dispatcher, socket, TransferKind.Send, buffer, done, cancellationToken));
    }

    public bool TryTakeBudget() => CooperativeBudget.TryTake();

    public void Queue(WorkItem item) => dispatcher.DispatchWoken(item);

    public void QueueYielded(WorkItem item) => dispatcher.DispatchToBack(item, Scheduling.WakeHint.IfWorthIt);

    public void OnWanted() => dispatcher.Scheduler.Notify();
}
