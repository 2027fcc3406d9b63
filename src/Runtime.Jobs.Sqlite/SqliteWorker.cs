using System.Collections.Concurrent;
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
    // More would hold the first callers of a batch up for longer than a sync takes.
    private const int MostAtOnce = 512;

    private readonly SqliteConnection _connection;
    private readonly SqliteSession _session;
    private readonly IJobStoreListener? _listener;
    private readonly BlockingCollection<Request> _requests = [];
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    // By the thread: whether commits are synced. As the schema has left it.
    private bool _isSyncing = true;

    /// <summary>Starts the thread.</summary>
    /// <param name="name">The name of the thread.</param>
    /// <param name="connection">The connection; closed at the end.</param>
    /// <param name="listener">Told after each commit; <see langword="null"/>: the connection only reads.</param>
    public SqliteWorker(string name, SqliteConnection connection, IJobStoreListener? listener)
    {
        _connection = connection;
        _session = new(connection);
        _listener = listener;
        new Thread(Loop) { IsBackground = true, Name = name }.Start();
    }

    /// <summary>Runs something on the thread.</summary>
    /// <param name="work">What to run; maybe twice, when something else in its transaction fails.</param>
    /// <param name="cancellationToken">Cancels the waiting.</param>
    /// <param name="isSynced">Whether the answer has to wait until the disk has it. Otherwise it may be undone by a power cut, but by no crash of the process.</param>
    /// <exception cref="JobStoreException">It failed, and nothing of it has happened; or the store is closed.</exception>
    public Task<T> RunAsync<T>(Func<SqliteSession, T> work, CancellationToken cancellationToken, bool isSynced = true)
    {
        var request = new Request<T>(work, isSynced);
        try
        {
            _requests.Add(request, CancellationToken.None);
        }
        catch (InvalidOperationException exception)
        {
            throw new JobStoreException("The job store is closed: the process is stopping.", exception, isTransient: false);
        }

        return cancellationToken.CanBeCanceled ? request.Task.WaitAsync(cancellationToken) : request.Task;
    }

    /// <summary>Runs what was asked, then ends the thread and closes the connection.</summary>
    public async ValueTask DisposeAsync()
    {
        _requests.CompleteAdding();
        await _ended.Task;
        _requests.Dispose();
    }

    private void Loop()
    {
        var batch = new List<Request>();
        foreach (var first in _requests.GetConsumingEnumerable())
        {
            batch.Add(first);
            while (_listener is not null && batch.Count < MostAtOnce && _requests.TryTake(out var next))
            {
                batch.Add(next);
            }

            if (!TryRun(batch))
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
    private bool TryRun(List<Request> batch)
    {
        _session.Outbox = new();
        var isExecuting = false;
        try
        {
            if (_listener is not null)
            {
                Sync(batch.Exists(static request => request.IsSynced));
                _session.Run("BEGIN IMMEDIATE");
            }

            isExecuting = true;
            foreach (var request in batch)
            {
                request.Execute(_session);
            }

            isExecuting = false;
            if (_listener is not null)
            {
                _session.Run("COMMIT");
            }
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
            _session.Outbox.Tell(_listener); // before the answers: who is answered may rely on it that everybody has been told
        }

        foreach (var request in batch)
        {
            request.Succeed();
        }

        return true;
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
                10 => "The disk did not read or write: look at the system's log.",
                11 or 26 => "The file is damaged: stop, and restore it from a copy.",
                5 or 6 => "Another transaction on the file took too long: keep transactions that enqueue jobs short.",
                _ => "Nothing of it has happened.",
            },
            sqlite,
            isTransient: sqlite.SqliteErrorCode is not (11 or 26))
        : exception;

    private abstract class Request(bool isSynced)
    {
        public bool IsSynced { get; } = isSynced;

        public abstract void Execute(SqliteSession session);

        public abstract void Succeed();

        public abstract void Fail(Exception exception);
    }

    private sealed class Request<T>(Func<SqliteSession, T> work, bool isSynced) : Request(isSynced)
    {
        private readonly TaskCompletionSource<T> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private T _result = default!;

        public Task<T> Task => _done.Task;

        public override void Execute(SqliteSession session) => _result = work(session);

        public override void Succeed() => _done.TrySetResult(_result);

        public override void Fail(Exception exception) => _done.TrySetException(exception);
    }
}
