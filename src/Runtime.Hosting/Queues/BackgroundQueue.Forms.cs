using System.Diagnostics.CodeAnalysis;

namespace Runtime.Hosting.Queues;

// The forms in which IBackgroundQueue takes work; each makes an entry of its kind.
internal sealed partial class BackgroundQueue : IBackgroundQueue
{
    public ValueTask<WorkHandle> EnqueueAsync(Func<CancellationToken, ValueTask> work, EnqueueOptions? options = null, CancellationToken cancellationToken = default) =>
        EnqueueAsync(new TokenWork(this, NotNull(work), options), cancellationToken);

    public ValueTask<WorkHandle<TResult>> EnqueueAsync<TResult>(Func<CancellationToken, ValueTask<TResult>> work, EnqueueOptions? options = null, CancellationToken cancellationToken = default) =>
        EnqueueTypedAsync<TResult>(new TokenWork<TResult>(this, NotNull(work), options), cancellationToken);

    public ValueTask<WorkHandle> EnqueueAsync(Func<IServiceProvider, CancellationToken, ValueTask> work, EnqueueOptions? options = null, CancellationToken cancellationToken = default) =>
        EnqueueAsync(new ProviderWork(this, NotNull(work), options), cancellationToken);

    public ValueTask<WorkHandle<TResult>> EnqueueAsync<TResult>(Func<IServiceProvider, CancellationToken, ValueTask<TResult>> work, EnqueueOptions? options = null, CancellationToken cancellationToken = default) =>
        EnqueueTypedAsync<TResult>(new ProviderWork<TResult>(this, NotNull(work), options), cancellationToken);

    public ValueTask<WorkHandle> EnqueueAsync<TService>(Func<TService, CancellationToken, ValueTask> work, EnqueueOptions? options = null, CancellationToken cancellationToken = default)
        where TService : notnull =>
        EnqueueAsync(new ServiceWork<TService>(this, NotNull(work), options), cancellationToken);

    public ValueTask<WorkHandle> EnqueueAsync<TService1, TService2>(Func<TService1, TService2, CancellationToken, ValueTask> work, EnqueueOptions? options = null, CancellationToken cancellationToken = default)
        where TService1 : notnull
        where TService2 : notnull =>
        EnqueueAsync(new ServiceWork<TService1, TService2>(this, NotNull(work), options), cancellationToken);

    public ValueTask<WorkHandle> EnqueueAsync<TService1, TService2, TService3>(Func<TService1, TService2, TService3, CancellationToken, ValueTask> work, EnqueueOptions? options = null, CancellationToken cancellationToken = default)
        where TService1 : notnull
        where TService2 : notnull
        where TService3 : notnull =>
        EnqueueAsync(new ServiceWork<TService1, TService2, TService3>(this, NotNull(work), options), cancellationToken);

    public bool TryEnqueue(Func<CancellationToken, ValueTask> work, EnqueueOptions? options, [NotNullWhen(true)] out WorkHandle? handle) =>
        TryEnqueue(new TokenWork(this, NotNull(work), options), out handle);

    public bool TryEnqueue<TResult>(Func<CancellationToken, ValueTask<TResult>> work, EnqueueOptions? options, [NotNullWhen(true)] out WorkHandle<TResult>? handle) =>
        TryEnqueueTyped(new TokenWork<TResult>(this, NotNull(work), options), out handle);

    public bool TryEnqueue(Func<IServiceProvider, CancellationToken, ValueTask> work, EnqueueOptions? options, [NotNullWhen(true)] out WorkHandle? handle) =>
        TryEnqueue(new ProviderWork(this, NotNull(work), options), out handle);

    public bool TryEnqueue<TResult>(Func<IServiceProvider, CancellationToken, ValueTask<TResult>> work, EnqueueOptions? options, [NotNullWhen(true)] out WorkHandle<TResult>? handle) =>
        TryEnqueueTyped(new ProviderWork<TResult>(this, NotNull(work), options), out handle);

    public bool TryEnqueue<TService>(Func<TService, CancellationToken, ValueTask> work, EnqueueOptions? options, [NotNullWhen(true)] out WorkHandle? handle)
        where TService : notnull =>
        TryEnqueue(new ServiceWork<TService>(this, NotNull(work), options), out handle);

    public bool TryEnqueue<TService1, TService2>(Func<TService1, TService2, CancellationToken, ValueTask> work, EnqueueOptions? options, [NotNullWhen(true)] out WorkHandle? handle)
        where TService1 : notnull
        where TService2 : notnull =>
        TryEnqueue(new ServiceWork<TService1, TService2>(this, NotNull(work), options), out handle);

    public bool TryEnqueue<TService1, TService2, TService3>(Func<TService1, TService2, TService3, CancellationToken, ValueTask> work, EnqueueOptions? options, [NotNullWhen(true)] out WorkHandle? handle)
        where TService1 : notnull
        where TService2 : notnull
        where TService3 : notnull =>
        TryEnqueue(new ServiceWork<TService1, TService2, TService3>(this, NotNull(work), options), out handle);

    private static TWork NotNull<TWork>(TWork work)
        where TWork : Delegate
    {
        ArgumentNullException.ThrowIfNull(work);
        return work;
    }

    // CanReturn has made sure of the type of the handle.
    private ValueTask<WorkHandle<TResult>> EnqueueTypedAsync<TResult>(WorkHandle entry, CancellationToken cancellationToken)
    {
        var pending = EnqueueAsync(entry, cancellationToken);
#pragma warning disable VSTHRD103 // it has completed
        return pending.IsCompletedSuccessfully ? new ValueTask<WorkHandle<TResult>>((WorkHandle<TResult>)pending.Result) : AwaitAsync(pending);
#pragma warning restore VSTHRD103

        static async ValueTask<WorkHandle<TResult>> AwaitAsync(ValueTask<WorkHandle> pending) => (WorkHandle<TResult>)await pending;
    }

    private bool TryEnqueueTyped<TResult>(WorkHandle entry, [NotNullWhen(true)] out WorkHandle<TResult>? handle)
    {
        var accepted = TryEnqueue(entry, out var untyped);
        handle = (WorkHandle<TResult>?)untyped;
        return accepted;
    }
}
