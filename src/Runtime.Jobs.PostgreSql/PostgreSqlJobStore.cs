using Runtime.Hosting;
using Runtime.Hosting.Jobs;

namespace Runtime.Jobs.PostgreSql;

/// <summary>Keeps jobs in PostgreSQL, shared by any number of processes. See the README of this folder.</summary>
internal sealed partial class PostgreSqlJobStore : IJobStoreTarget, INotificationSink
{
    private readonly string _connectionString;
    private readonly PostgreSqlJobOptions _options;
    private readonly TimeProvider _timers;
    private readonly TimeProvider? _testClock;
    private readonly Polling _polling;
    private IJobStoreListener _listener = null!;
    private JobNode _node = null!;
    private Database? _database;
    private NodeLease? _lease;
    private Notifications? _notifications;
    private EnqueueBatcher? _batcher;
    private int _isClosed;

    /// <summary>Makes a store that is not yet open.</summary>
    /// <param name="connectionString">How to reach the database.</param>
    /// <param name="options">How to use it.</param>
    /// <param name="timers">Waits between looks and renewals.</param>
    /// <param name="testClock">The time by which jobs are due in place of the server's; <see langword="null"/> but in tests.</param>
    public PostgreSqlJobStore(string connectionString, PostgreSqlJobOptions options, TimeProvider timers, TimeProvider? testClock = null)
    {
        (_connectionString, _options, _timers, _testClock) = (connectionString, options, timers, testClock);
        _polling = new(Look, LongestPoll, timers);
    }

    public string Kind => "postgresql";

    public bool IsDurable => true;

    private Database Db => _database ?? throw NotOpen();

    private NodeLease Lease => _lease ?? throw NotOpen();

    private EnqueueBatcher Batcher => _batcher ?? throw NotOpen();

    private long NodeId => Lease.Id;

    // Null: the server's clock, which is the same for all nodes.
    private DateTimeOffset? Now => _testClock?.GetUtcNow();

    public async ValueTask OpenAsync(JobNode node, IJobStoreListener listener, CancellationToken cancellationToken)
    {
        (_node, _listener) = (node, listener);
        var database = await Database.ConnectAsync(_connectionString, _options.Schema, _options.UseNotifications, cancellationToken);
        try
        {
            await PostgreSqlJobSchema.PrepareAsync(database, _options.Migrate, cancellationToken);
            await PostgreSqlJobSchema.CheckCellAsync(database, node.Cell, cancellationToken);
            await HistoryDays.PrepareAsync(database, cancellationToken);
            _batcher = new(InsertPlainAsync);
            _lease = new(database, node, _options.NodeLease, this, _timers);
            _database = database;
            await _lease.StartAsync(cancellationToken);
            await ReleaseParkedAsync(cancellationToken);
        }
        catch (Exception)
        {
            // As it was before, so that it can be tried again.
            if (_lease is { } lease)
            {
                await lease.DisposeAsync();
            }

            (_lease, _database) = (null, null);
            await database.DisposeAsync();
            throw;
        }

        _notifications = new(database, () => NodeId, () => Lease.IsAlone, this, _timers);
        if (_options.UseNotifications && !database.IsPooled)
        {
            _notifications.Start();
        }
    }

    public async ValueTask<DateTimeOffset> GetTimeAsync(CancellationToken cancellationToken) => Now ?? new DateTimeOffset(
        await Db.RunAsync(session => session.ScalarAsync<DateTime>("SELECT clock_timestamp()", []), cancellationToken), TimeSpan.Zero);

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isClosed, 1) != 0)
        {
            return; // the engine closes the store at the stop, and the container once more
        }

        _polling.Dispose();
        if (_lease is { } lease && _database is { } database)
        {
            await lease.DisposeAsync();
            await LeaveAsync(lease.Id);
            if (_notifications is { } notifications)
            {
                await notifications.DisposeAsync();
            }

            await database.DisposeAsync();
        }
    }

    void INotificationSink.WorkArrived()
    {
        _polling.Quicken();
        _listener.WorkArrived();
    }

    void INotificationSink.SchedulesChanged() => _listener.SchedulesChanged();

    void INotificationSink.JobEnded(Guid id) => _listener.JobEnded(id);

    void INotificationSink.CancellationsArrived() => Lease.Hurry();

    void INotificationSink.Missed()
    {
        _listener.WorkArrived();
        _listener.SchedulesChanged();
        Lease.Hurry();
    }

    private async Task<T> WriteAsync<T>(Func<Session, Outbox, Task<T>> work, CancellationToken cancellationToken)
    {
        Outbox outbox = new();
        var result = await Db.TransactAsync(
            session =>
            {
                outbox = new(); // a try that came to nothing has nothing to tell
                return work(session, outbox);
            },
            cancellationToken);
        Tell(outbox);
        return result;
    }

    // After the commit, never before.
    private void Tell(Outbox outbox)
    {
        if (_notifications?.Tell(outbox) != true && outbox.Work)
        {
            _listener.WorkArrived();
        }

        if (outbox.Schedules)
        {
            _listener.SchedulesChanged();
        }

        foreach (var (id, reason) in outbox.Cancellations)
        {
            _listener.CancellationRequested(id, reason);
        }

        foreach (var (id, _) in outbox.Ended)
        {
            _listener.JobEnded(id);
        }
    }

    private void Look()
    {
        if (Volatile.Read(ref _isClosed) == 0)
        {
            _listener.WorkArrived();
        }
    }

    // Where others tell, looking is for what was lost on the way.
    private TimeSpan LongestPoll() => _notifications is { IsListening: true } ? _options.MaxPollInterval * 4 : _options.MaxPollInterval;

    // What is still marked as running is queued again at once, and no crash is counted. When the database is away the lease does it.
    private async Task LeaveAsync(long node)
    {
        try
        {
            await WriteAsync(
                async (session, outbox) =>
                {
                    await session.RunAsync("DELETE FROM {s}.nodes WHERE id = $1", [PgValue.Number(node)]);
                    await TakeBackAsync(session, outbox, node, isCrash: false);
                    return true;
                },
                CancellationToken.None);
        }
        catch (JobStoreException)
        {
            // The others will find out.
        }
    }

    private static JobStoreException NotOpen() => new("The job store is not open: the host has not started yet, or has stopped.", isTransient: false);
}
