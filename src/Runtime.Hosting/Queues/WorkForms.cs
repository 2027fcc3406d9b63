using Microsoft.Extensions.DependencyInjection;

namespace Runtime.Hosting.Queues;

// The forms of work that IBackgroundQueue takes: one small class each, so that a call costs one cast and no adapter closure.

internal sealed class TokenWork(BackgroundQueue queue, Func<CancellationToken, ValueTask> work, EnqueueOptions? options)
    : PlainWork(queue, work, options)
{
    internal override ValueTask InvokeAsync(IServiceProvider? services, CancellationToken cancellationToken) =>
        ((Func<CancellationToken, ValueTask>)Work!)(cancellationToken);
}

internal sealed class TokenWork<TResult>(BackgroundQueue queue, Func<CancellationToken, ValueTask<TResult>> work, EnqueueOptions? options)
    : ResultWork<TResult>(queue, work, options)
{
    internal override ValueTask InvokeAsync(IServiceProvider? services, CancellationToken cancellationToken) =>
        KeepAsync(((Func<CancellationToken, ValueTask<TResult>>)Work!)(cancellationToken));
}

internal sealed class ProviderWork(BackgroundQueue queue, Func<IServiceProvider, CancellationToken, ValueTask> work, EnqueueOptions? options)
    : PlainWork(queue, work, options)
{
    internal override bool NeedsScope => true;

    internal override ValueTask InvokeAsync(IServiceProvider? services, CancellationToken cancellationToken) =>
        ((Func<IServiceProvider, CancellationToken, ValueTask>)Work!)(services!, cancellationToken);
}

internal sealed class ProviderWork<TResult>(BackgroundQueue queue, Func<IServiceProvider, CancellationToken, ValueTask<TResult>> work, EnqueueOptions? options)
    : ResultWork<TResult>(queue, work, options)
{
    internal override bool NeedsScope => true;

    internal override ValueTask InvokeAsync(IServiceProvider? services, CancellationToken cancellationToken) =>
        KeepAsync(((Func<IServiceProvider, CancellationToken, ValueTask<TResult>>)Work!)(services!, cancellationToken));
}

internal sealed class ServiceWork<T>(BackgroundQueue queue, Func<T, CancellationToken, ValueTask> work, EnqueueOptions? options)
    : PlainWork(queue, work, options)
    where T : notnull
{
    internal override bool NeedsScope => true;

    internal override ValueTask InvokeAsync(IServiceProvider? services, CancellationToken cancellationToken) =>
        ((Func<T, CancellationToken, ValueTask>)Work!)(services!.GetRequiredService<T>(), cancellationToken);
}

internal sealed class ServiceWork<T1, T2>(BackgroundQueue queue, Func<T1, T2, CancellationToken, ValueTask> work, EnqueueOptions? options)
    : PlainWork(queue, work, options)
    where T1 : notnull
    where T2 : notnull
{
    internal override bool NeedsScope => true;

    internal override ValueTask InvokeAsync(IServiceProvider? services, CancellationToken cancellationToken) =>
        ((Func<T1, T2, CancellationToken, ValueTask>)Work!)(
            services!.GetRequiredService<T1>(), services!.GetRequiredService<T2>(), cancellationToken);
}

internal sealed class ServiceWork<T1, T2, T3>(BackgroundQueue queue, Func<T1, T2, T3, CancellationToken, ValueTask> work, EnqueueOptions? options)
    : PlainWork(queue, work, options)
    where T1 : notnull
    where T2 : notnull
    where T3 : notnull
{
    internal override bool NeedsScope => true;

    internal override ValueTask InvokeAsync(IServiceProvider? services, CancellationToken cancellationToken) =>
        ((Func<T1, T2, T3, CancellationToken, ValueTask>)Work!)(
            services!.GetRequiredService<T1>(), services!.GetRequiredService<T2>(), services!.GetRequiredService<T3>(), cancellationToken);
}
