using Microsoft.Extensions.DependencyInjection;

// The short cut for work that has ended looks at its ValueTask before it takes the result: once, and only when that cannot block.
#pragma warning disable CA2012, VSTHRD002

namespace Runtime.Hosting.Queues;

// Running one item: its context, its scope, its trace. Nothing that user code throws gets out of here.
internal sealed partial class BackgroundQueue
{
    /// <summary>Runs the first stretch of an item, until it ends or awaits.</summary>
    /// <returns>Whether it has ended, successfully. If not, it ends by itself through <see cref="OnEnded"/>, or has done so already.</returns>
    private bool Run(QueuePump pump, WorkHandle entry, bool timed)
    {
        pump.EnterContext(_services.Runtime, entry);
        var trace = _reporter.Started(entry, timed);
        IServiceScope? scope = null;
        ValueTask work;
        try
        {
            if (entry.Options.Timeout is { } timeout)
            {
                StartTimeout(entry, timeout);
            }

            var token = pump.Source!.Token;
            if (entry.NeedsScope)
            {
                scope = _services.Scopes.CreateScope();
                work = entry.InvokeAsync(scope.ServiceProvider, token);
            }
            else
            {
                work = entry.InvokeAsync(null, token);
            }

            // The short cut for work that ends without awaiting: no state machine.
            if (work.IsCompletedSuccessfully)
            {
                work.GetAwaiter().GetResult(); // a pooled source wants its result taken
                if (scope is not null)
                {
                    var disposal = scope;
                    scope = null;
                    work = DisposeAsync(disposal);
                }

                if (work.IsCompletedSuccessfully)
                {
                    work.GetAwaiter().GetResult();
                    entry.Extras?.TakeTimer()?.Dispose();
                    trace.End(WorkStatus.Succeeded, null);
                    return true;
                }
            }
        }
        catch (Exception exception)
        {
            work = ValueTask.FromException(exception);
        }

        pump.LeaveContext();
        _ = FollowAsync(entry, work, scope, trace); // it observes every exception and ends the item
        return false;
    }

    // Sees an item to its end. Infallible but for user code, which is caught.
    private async Task FollowAsync(WorkHandle entry, ValueTask work, IServiceScope? scope, WorkTrace trace)
    {
        Exception? error = null;
        try
        {
            await work;
        }
        catch (Exception exception)
        {
            error = exception;
        }

        if (scope is not null)
        {
            try
            {
                await DisposeAsync(scope);
            }
            catch (Exception exception)
            {
                // Work whose resources do not close has not succeeded; the first failure is the one to tell.
                error ??= exception;
            }
        }

        entry.Extras?.TakeTimer()?.Dispose();
        var now = Clock.Now;
        var status = StatusOf(entry, error);
        _reporter.Ended(entry, status, error, now, timed: IsTimed(entry), trace);
        ReportLateness(entry, now);
        OnEnded(entry, status, status == WorkStatus.Failed ? error : null, now);
    }

    // A cancellation that nobody asked this item for is a failure like any other.
    private static WorkStatus StatusOf(WorkHandle entry, Exception? error) =>
        error is null ? WorkStatus.Succeeded
        : error is OperationCanceledException && entry.Extras is { CancelRequested: true } ? WorkStatus.Cancelled
        : WorkStatus.Failed;

    private ValueTask DisposeAsync(IServiceScope scope)
    {
        var isDeferred = _settings.DeferScopeDisposal;
        switch (scope)
        {
            case IAsyncDisposable asynchronous when isDeferred:
                _services.Runtime.Cleanup.Retire(asynchronous);
                return default;
            case IAsyncDisposable asynchronous:
                return asynchronous.DisposeAsync();
            default:
                if (isDeferred)
                {
                    _services.Runtime.Cleanup.Retire(scope);
                }
                else
                {
                    scope.Dispose();
                }

                return default;
        }
    }
}
