using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;

namespace Runtime.Benchmarks.Queue;

/// <summary>A handle as one would write it in an afternoon.</summary>
internal sealed class TrackedWork(TrackedWork.Registry registry, Func<IServiceProvider, CancellationToken, ValueTask> work)
{
    private readonly TaskCompletionSource _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly long _enqueuedAt = Stopwatch.GetTimestamp();

    public Guid Id { get; } = Guid.NewGuid();

    public DateTimeOffset EnqueuedAt { get; } = DateTimeOffset.UtcNow;

    public DateTimeOffset? StartedAt { get; private set; }

    public DateTimeOffset? FinishedAt { get; private set; }

    public Task Completion => _completion.Task;

    public async ValueTask RunAsync(CancellationToken cancellationToken)
    {
        var started = Stopwatch.GetTimestamp();
        StartedAt = DateTimeOffset.UtcNow;
        registry.Waited.Record(Stopwatch.GetElapsedTime(_enqueuedAt, started).TotalSeconds);
        try
        {
            await using var scope = registry.Scopes.CreateAsyncScope();
            await work(scope.ServiceProvider, cancellationToken);
            _completion.TrySetResult();
        }
        catch (Exception exception)
        {
            _completion.TrySetException(exception);
        }

        FinishedAt = DateTimeOffset.UtcNow;
        registry.Ran.Record(Stopwatch.GetElapsedTime(started).TotalSeconds);
        registry.Finished.Add(1);
    }

    /// <summary>Finds handles by id; forgets the oldest beyond a bound.</summary>
    internal sealed class Registry
    {
        private const int History = 10_000;
        private readonly ConcurrentDictionary<Guid, TrackedWork> _byId = new();
        private readonly ConcurrentQueue<Guid> _order = new();

        public Registry(IServiceScopeFactory scopes, IMeterFactory meters)
        {
            Scopes = scopes;
            var meter = meters.Create("Tracked");
            Accepted = meter.CreateCounter<long>("accepted");
            Finished = meter.CreateCounter<long>("finished");
            Waited = meter.CreateHistogram<double>("waited", "s");
            Ran = meter.CreateHistogram<double>("ran", "s");
        }

        public IServiceScopeFactory Scopes { get; }

        public Counter<long> Accepted { get; }

        public Counter<long> Finished { get; }

        public Histogram<double> Waited { get; }

        public Histogram<double> Ran { get; }

        public TrackedWork Accept(Func<IServiceProvider, CancellationToken, ValueTask> work)
        {
            var item = new TrackedWork(this, work);
            _byId[item.Id] = item;
            _order.Enqueue(item.Id);
            if (_order.Count > History && _order.TryDequeue(out var oldest))
            {
                _byId.TryRemove(oldest, out _);
            }

            Accepted.Add(1);
            return item;
        }
    }
}
