using System.Diagnostics.CodeAnalysis;
using Microsoft.Data.Sqlite;
using Runtime.Hosting;
using Runtime.Hosting.Jobs;

namespace Runtime.Jobs.Sqlite;

/// <summary>One thread with one connection, on which everything that is asked runs in order. The writing one commits all that has come together in one transaction: group commit.</summary>
/// <remarks>
/// <para>A thread of its own, since SQLite blocks: no worker and no request thread waits for a disk. Of ordinary priority, since requests wait for what it commits.</para>
/// <para>While one transaction is synced to the disk the next batch collects, so that many callers share one sync and a single caller has one of its own. When one of a batch fails, the
/// transaction is rolled back and each is run in one of its own, so that a failure is its caller's only.</para>
/// <para>The infallible part: every request that was accepted is answered, with a result or an exception.</para>
/// </remarks>
internal sealed class SqliteWorker : IAsyncDisposable
{
    /// <summary>How long an end may be in the log before the disk has it.</summary>
    public static readonly TimeSpan SyncWithin = TimeSpan.FromMilliseconds(10);

    // When the disk did not take the log, it is asked again after this.
    private static readonly TimeSpan SyncAgain = TimeSpan.FromSeconds(1);

    private readonly SqliteConnection _connection;
    private readonly SqliteSession _session;
    private readonly IJobStoreListener? _listener;
    private readonly SqliteMailbox _mailbox = new();
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private readonly Action? _check;

    // All by the thread. Whether commits are synced; as the schema has left it.
    private bool _isSyncing = true;

    // Whether the log holds what the disk is to have soon, since when, and how long it may wait.
    private bool _owesSync;
    private long _owesSince;
    private TimeSpan _owesFor;

    /// <summary>Starts the thread.</summary>
    /// <param name="name">The name of the thread.</param>
    /// <param name="connection">The connection; closed at the end.</param>
    /// <param name="listener">Told after each commit; <see langword="null"/>: the connection only reads.</param>
    /// <param name="check">Called within each transaction that writes; throws when nothing may be written.</param>
    public SqliteWorker(string name, SqliteConnection connection, IJobStoreListener? listener, Action? check = null)
    {
        _check = check;
        _connection = connection;
        _session = new(connection);
        _listener = listener;
        new Thread(Loop) { IsBackground = true, Name = name }.Start();
    }

    /// <summary>Runs something on the thread.</summary>
    /// <param name="work">What to run; maybe twice, when something else in its transaction fails.</param>
    /// <param name="cancellationToken">Cancels the waiting.</param>
    /// <param name="sync">When the disk has to have it. Until then it may be undone by a power cut, but by no death of the process.</param>
    /// <exception cref="JobStoreException">It failed, and nothing of it has happened; or the store is closed.</exception>
    public Task<T> RunAsync<T>(Func<SqliteSession, T> work, CancellationToken cancellationToken, SqliteSync sync = SqliteSync.Now)
    {
        var request = new SqliteRequest<T>(work, sync);
        if (!_mailbox.TryAdd(request))
        {
            throw new JobStoreException("The job store is closed: the process is stopping.", isTransient: false);
        }

        return cancellationToken.CanBeCanceled ? request.Task.WaitAsync(cancellationToken) : request.Task;
    }

    /// <summary>Runs what was asked, then ends the thread and closes the connection.</summary>
    public async ValueTask DisposeAsync()
    {
        _mailbox.Close();
        await _ended.Task;
    }

    private void Loop()
    {
        List<ISqliteRequest> batch = [];
        while (_mailbox.Take(ref batch, LeftToSync()))
        {
            if (batch.Count == 0)
            {
                Flush();
            }
            else if (_listener is null || !TryRun(batch))
            {
                foreach (var request in batch)
                {
                    TryRun([request]);
                }
            }

            batch.Clear();
        }

        _session.Dispose();
        _connection.Dispose();
        _ended.TrySetResult();
    }

    // False, and nobody has been answered: one of several failed, and not for what is common to all of them.
    private bool TryRun(List<ISqliteRequest> batch)
    {
        var isExecuting = false;
        try
        {
            Execute(batch, IsSyncedNow(batch), ref isExecuting);
        }
        catch (Exception exception)
        {
            Rollback();
            if (isExecuting && batch.Count > 1)
            {
                return false;
            }

            foreach (var request in batch)
            {
                request.Fail(Explain(exception));
            }

            return true;
        }

        if (_listener is not null)
        {
            _session.Outbox.Tell(_listener); // first: who has been answered can rely on it that the engine knows
        }

        foreach (var request in batch)
        {
            request.Succeed();
        }

        return true;
    }

    private void Execute(List<ISqliteRequest> batch, bool isSynced, ref bool isExecuting)
    {
        _session.Outbox = new();
        if (_listener is not null)
        {
            Sync(isSynced);
            _session.Run("BEGIN IMMEDIATE");
            _check?.Invoke();
        }

        isExecuting = true;
        foreach (var request in batch)
        {
            request.Execute(_session);
        }

        isExecuting = false;
        if (_listener is null)
        {
            return;
        }

        if (_session.Outbox.NeedsSync && !isSynced)
        {
            // Only now is it known, and a transaction cannot change its mind about that.
            _session.Run("ROLLBACK");
            Execute(batch, isSynced: true, ref isExecuting);
            return;
        }

        _session.Run("COMMIT");
        Owe(batch, isSynced);
    }

    private bool IsSyncedNow(List<ISqliteRequest> batch) =>
        _listener is not null && (batch.Exists(static request => request.Sync == SqliteSync.Now) || (_owesSync && LeftToSync() <= TimeSpan.Zero));

    private void Owe(List<ISqliteRequest> batch, bool isSynced)
    {
        if (isSynced)
        {
            _owesSync = false; // a sync is one of all that the log holds
        }
        else if (!_owesSync && batch.Exists(static request => request.Sync == SqliteSync.Soon))
        {
            (_owesSync, _owesSince, _owesFor) = (true, TimeProvider.System.GetTimestamp(), SyncWithin);
        }
    }

    private TimeSpan LeftToSync()
    {
        if (!_owesSync)
        {
            return Timeout.InfiniteTimeSpan;
        }

        var left = _owesFor - TimeProvider.System.GetElapsedTime(_owesSince);
        return left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }

    // Nothing has come that takes what the disk is to have along, so something is written for its sake.
    private void Flush()
    {
        if (!_owesSync)
        {
            return;
        }

        try
        {
            Sync(isSynced: true);
            _session.Run("INSERT INTO runtime_job_meta (key, value) VALUES ('syncs', 1) ON CONFLICT (key) DO UPDATE SET value = value + 1");
            _owesSync = false;
        }
        catch (SqliteException)
        {
            (_owesSince, _owesFor) = (TimeProvider.System.GetTimestamp(), SyncAgain);
        }
    }

    // In WAL mode NORMAL writes the log and leaves the sync to the next commit that has one, which syncs all of the log.
    private void Sync(bool isSynced)
    {
        if (isSynced != _isSyncing)
        {
            _session.Run(isSynced ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL");
            _isSyncing = isSynced;
        }
    }

    [SuppressMessage("Design", "CA1031:Do not catch general exception types", Justification = "The first failure is the one to report.")]
    private void Rollback()
    {
        try
        {
            if (_listener is not null)
            {
                _session.Run("ROLLBACK");
            }
        }
        catch (SqliteException)
        {
            // SQLite has rolled back by itself, as it does when the disk is full.
        }
    }

    private Exception Explain(Exception exception) => exception is SqliteException sqlite
        ? new JobStoreException(
            $"The job store '{_connection.DataSource}' could not do this: {sqlite.Message} " + sqlite.SqliteErrorCode switch
            {
                13 => "The disk is full: make room; nothing that was acknowledged is lost, and it goes on by itself.",
                8 => "The file is read-only: let the process write it; it goes on by itself.",
                10 => "The disk did not read or write: look at the system's log and at the limits of the process; nothing that was acknowledged is lost, and it goes on by itself.",
                11 or 26 => "The file is damaged: stop, and restore it from a copy.",
                5 or 6 => "Another transaction on the file took too long: keep transactions that enqueue jobs short.",
                _ => "Nothing of it has happened.",
            },
            sqlite,
            isTransient: sqlite.SqliteErrorCode is not (11 or 26))
        : exception;
}
