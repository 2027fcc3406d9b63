using System.Diagnostics;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;

namespace Runtime.Benchmarks.Queue;

/// <summary>The leanest handle that tells what this project's tells of a plain item: status, three times, a task to await; counted in listened metrics.</summary>
/// <remarks>No id, no lookup, no priority, no cancel; durations of one item in 32 only, as this project's queue does at such rates.</remarks>
internal sealed class HandledWork(HandledWork.Books books, Action<IServiceProvider> work)
{
    private const int TimedMask = 31;

    private readonly long _enqueuedAt = Stopwatch.GetTimestamp();
    private readonly TaskCompletionSource _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _startedAt;
    private long _finishedAt;
    private volatile int _status;

    public Task Completion => _completion.Task;

    public int Status => _status;

    public TimeSpan Waited => Stopwatch.GetElapsedTime(_enqueuedAt, _startedAt);

    public TimeSpan Ran => Stopwatch.GetElapsedTime(_startedAt, _finishedAt);

    public async Task RunAsync()
    {
        _startedAt = Stopwatch.GetTimestamp();
        _status = 1;
        try
        {
            await using var scope = books.Scopes.CreateAsyncScope();
            work(scope.ServiceProvider);
            _finishedAt = Stopwatch.GetTimestamp();
            _status = 2;
            _completion.TrySetResult();
        }
        catch (Exception exception)
        {
            _finishedAt = Stopwatch.GetTimestamp();
            _status = 3;
            _completion.TrySetException(exception);
        }

        books.OnFinished(this);
    }

    /// <summary>What the handles share: counters and histograms.</summary>
    internal sealed class Books
    {
        private readonly Counter<long> _accepted;
        private readonly Counter<long> _finished;
        private readonly Histogram<double> _waited;
        private readonly Histogram<double> _ran;

        public Books(IServiceScopeFactory scopes, IMeterFactory meters)
        {
            Scopes = scopes;
            var meter = meters.Create("Handled");
            _accepted = meter.CreateCounter<long>("accepted");
            _finished = meter.CreateCounter<long>("finished");
            _waited = meter.CreateHistogram<double>("waited", "s");
            _ran = meter.CreateHistogram<double>("ran", "s");
        }

        public IServiceScopeFactory Scopes { get; }

        public HandledWork Accept(Action<IServiceProvider> work)
        {
            _accepted.Add(1);
            return new HandledWork(this, work);
        }

        public void OnFinished(HandledWork work)
        {
            _finished.Add(1);
            if ((work._enqueuedAt & TimedMask) == 0)
            {
                _waited.Record(work.Waited.TotalSeconds);
                _ran.Record(work.Ran.TotalSeconds);
            }
        }
    }
}
