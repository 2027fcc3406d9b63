using System.Runtime.CompilerServices;

namespace Runtime.Core.Tests.Stress;

/// <summary>An await of a task of the library's that completes only after the await has been registered, so that the continuation always goes through a queue.</summary>
/// <remarks>The carrier is held by the caller; whoever completes the task hands it on.</remarks>
internal readonly struct WokenAwaitable(Carrier carrier, AsyncRuntime runtime, bool fromOutside) : ICriticalNotifyCompletion
{
    public bool IsCompleted => false;

    public WokenAwaitable GetAwaiter() => this;

    public void GetResult()
    {
    }

    public void OnCompleted(Action continuation) => UnsafeOnCompleted(continuation);

    public void UnsafeOnCompleted(Action continuation)
    {
        var source = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        source.Task.GetAwaiter().UnsafeOnCompleted(continuation); // captures the context: it comes back to a worker
        if (fromOutside)
        {
            ThreadPool.UnsafeQueueUserWorkItem(static waker => waker.carrier.Wake(waker.source), (carrier, source), preferLocal: false);
            return;
        }

        carrier.Pass();
        runtime.Post(
            static waker =>
            {
                if (waker.carrier.TryTake())
                {
                    waker.carrier.Wake(waker.source);
                }
            },
            (carrier, source));
    }
}
