using System.Diagnostics.CodeAnalysis;
using System.Runtime.ExceptionServices;

namespace Runtime.Core.Execution;

/// <summary>Work of a <see cref="SingleThreadedExecutor"/>, from its spawn to its end: its token, the context it runs in, and its place in the counts.</summary>
/// <param name="executor">Where it runs.</param>
/// <param name="source">The source of its token: that of all work, or one of its own, which its end disposes.</param>
internal readonly struct SingleThreadedOrigin(SingleThreadedExecutor executor, CancellationTokenSource source)
{
    // Where it was spawned; its AsyncLocals and its Activity flow into the work. Null when the flow was suppressed.
    private readonly ExecutionContext? _context = ExecutionContext.Capture();

    public CancellationToken Token => source.Token;

    /// <summary>Calls the work's start in the context it was spawned in.</summary>
    public void Run(ContextCallback start, object work)
    {
        if (_context is null || executor.IsAmbient(_context))
        {
            start(work);
        }
        else
        {
            ExecutionContext.Run(_context, start, work);
        }
    }

    /// <summary>Counts the end of the work. Before its task is settled: whoever awaits that finds it counted.</summary>
    public void End(Exception? failure) => executor.End(source, failure is OperationCanceledException);

    /// <summary>A task that has ended with an exception as an async method ends with it, cancellations included.</summary>
    public static async Task Rethrow(Exception failure)
    {
        await Task.CompletedTask.ConfigureAwait(false);
        ExceptionDispatchInfo.Throw(failure);
    }

    /// <inheritdoc cref="Rethrow(Exception)"/>
    public static async Task<TResult> Rethrow<TResult>(Exception failure)
    {
        await Task.CompletedTask.ConfigureAwait(false);
        ExceptionDispatchInfo.Throw(failure);
        return default;
    }
}

// The work is the source of its own task and is queued as it is: two objects, 120 bytes, and no state machine for work that never suspends. Its task's continuations
// run in line where they may, as those of an async method do: there is one thread, and the order is fixed.

/// <summary>Work without a result.</summary>
[SuppressMessage("Reliability", "CA2012:Use ValueTasks correctly", Justification = "Consumed once: at once when it has completed, else by Pending")]
[SuppressMessage("Usage", "VSTHRD002:Avoid problematic synchronous waits", Justification = "Only called on what has completed")]
internal sealed class SingleThreadedAction(SingleThreadedOrigin origin, Func<CancellationToken, ValueTask> work) : TaskCompletionSource
{
    /// <summary>What the queue calls, with the work as the argument.</summary>
    public static readonly Action<object?> Entry = static self => ((SingleThreadedAction)self!).Begin();

    private static readonly ContextCallback StartCallback = static self => ((SingleThreadedAction)self!).Start();

    private void Begin() => origin.Run(StartCallback, this);

    private void Start()
    {
        Exception? failure = null;
        try
        {
            var token = origin.Token;
            token.ThrowIfCancellationRequested(); // cancelled before it started: the delegate is never called
            var pending = work(token);
            var awaiter = pending.GetAwaiter();
            if (!awaiter.IsCompleted)
            {
                awaiter.UnsafeOnCompleted(new Pending(this, pending).Complete);
                return;
            }

            awaiter.GetResult();
        }
        catch (Exception exception)
        {
            failure = exception; // also of a delegate that threw before it returned anything
        }

        End(failure);
    }

    private void End(Exception? failure)
    {
        origin.End(failure);
        if (failure is null)
        {
            SetResult();
        }
        else
        {
            SetFromTask(SingleThreadedOrigin.Rethrow(failure));
        }
    }

    // Work that has suspended: what it returned, until it completes.
    private sealed class Pending(SingleThreadedAction owner, ValueTask work)
    {
        public void Complete()
        {
            Exception? failure = null;
            try
            {
                work.GetAwaiter().GetResult();
            }
            catch (Exception exception)
            {
                failure = exception;
            }

            owner.End(failure);
        }
    }
}

/// <summary>Work with a result.</summary>
[SuppressMessage("Reliability", "CA2012:Use ValueTasks correctly", Justification = "Consumed once: at once when it has completed, else by Pending")]
[SuppressMessage("Usage", "VSTHRD002:Avoid problematic synchronous waits", Justification = "Only called on what has completed")]
internal sealed class SingleThreadedFunction<TResult>(SingleThreadedOrigin origin, Func<CancellationToken, ValueTask<TResult>> work) : TaskCompletionSource<TResult>
{
    /// <inheritdoc cref="SingleThreadedAction.Entry"/>
    public static readonly Action<object?> Entry = static self => ((SingleThreadedFunction<TResult>)self!).Begin();

    private static readonly ContextCallback StartCallback = static self => ((SingleThreadedFunction<TResult>)self!).Start();

    private void Begin() => origin.Run(StartCallback, this);

    private void Start()
    {
        Exception? failure = null;
        TResult? result = default;
        try
        {
            var token = origin.Token;
            token.ThrowIfCancellationRequested();
            var pending = work(token);
            var awaiter = pending.GetAwaiter();
            if (!awaiter.IsCompleted)
            {
                awaiter.UnsafeOnCompleted(new Pending(this, pending).Complete);
                return;
            }

            result = awaiter.GetResult();
        }
        catch (Exception exception)
        {
            failure = exception;
        }

        End(failure, result);
    }

    private void End(Exception? failure, TResult? result)
    {
        origin.End(failure);
        if (failure is null)
        {
            SetResult(result!);
        }
        else
        {
            SetFromTask(SingleThreadedOrigin.Rethrow<TResult>(failure));
        }
    }

    private sealed class Pending(SingleThreadedFunction<TResult> owner, ValueTask<TResult> work)
    {
        public void Complete()
        {
            Exception? failure = null;
            TResult? result = default;
            try
            {
                result = work.GetAwaiter().GetResult();
            }
            catch (Exception exception)
            {
                failure = exception;
            }

            owner.End(failure, result);
        }
    }
}
