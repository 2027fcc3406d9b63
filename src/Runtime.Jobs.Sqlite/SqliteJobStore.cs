using System.Data.Common;
using System.Globalization;
using Microsoft.Data.Sqlite;
using Runtime.Hosting;
using Runtime.Hosting.Jobs;

namespace Runtime.Jobs.Sqlite;

/// <summary>Keeps jobs in an SQLite file: two threads, one that writes in group commits and one that reads. See the README of this folder.</summary>
internal sealed partial class SqliteJobStore(SqliteFile file, TimeProvider clock) : IJobStoreSource
{
    private FileStream? _lock;
    private SqliteWorker? _writer;
    private SqliteWorker? _reader;
    private IJobStoreListener _listener = null!;
    private JobNode _node = null!;
    private long _epoch;
    private long _lastLease;
    private int _isClosed;

    public string Kind => "sqlite";

    public bool IsDurable => true;

    private SqliteWorker Writer => _writer ?? throw NotOpen();

    private SqliteWorker Reader => _reader ?? throw NotOpen();

    public async ValueTask OpenAsync(JobNode node, IJobStoreListener listener, CancellationToken cancellationToken)
    {
        (_node, _listener) = (node, listener);
        var fileLock = file.Lock();
        SqliteConnection? writing = null;
        try
        {
            writing = file.Open(readOnly: false);
            using (var session = new SqliteSession(writing))
            {
                _epoch = SqliteSchema.Prepare(session, file.Path);
            }

            file.Remember();
            var reading = file.Open(readOnly: true);
            _lock = fileLock;
            _writer = new SqliteWorker("runtime-jobs-write", writing, listener, file.CheckInPlace);
            _reader = new SqliteWorker("runtime-jobs-read", reading, null);
        }
        catch (Exception exception)
        {
            await DisposeOf(writing, fileLock);
            if (exception is SqliteException)
            {
                throw new JobStoreException($"The job store '{file.Path}' cannot be opened: {exception.Message} The process needs to write the file and its folder.", exception, isTransient: false);
            }

            throw;
        }

        await WriteAsync(TakeBack, cancellationToken);
    }

    public ValueTask<DateTimeOffset> GetTimeAsync(CancellationToken cancellationToken) => new(clock.GetUtcNow());

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isClosed, 1) != 0)
        {
            return; // the engine closes the store at the stop, and the container once more
        }

        if (_reader is { } reader && _writer is { } writer)
        {
            await reader.DisposeAsync(); // first, so that the writer is the last to close the file and empties its log
            await writer.DisposeAsync();
        }

        if (_lock is { } held)
        {
            await held.DisposeAsync();
        }
    }

    public async ValueTask<IReadOnlyList<JobReceipt>> EnqueueAsync(IReadOnlyList<NewJob> jobs, DbTransaction? transaction, CancellationToken cancellationToken)
    {
        if (transaction is null)
        {
            return await WriteAsync(session => AddAll(session, jobs), cancellationToken);
        }

        if (transaction is not SqliteTransaction { Connection: { } connection } || System.IO.Path.GetFullPath(connection.DataSource) != file.Path)
        {
            throw new NotSupportedException(
                $"A {transaction.GetType().Name} cannot be joined: the jobs are in '{file.Path}'. Begin the transaction on a connection to that file, or enqueue after it has committed.");
        }

        using var session = SqliteSession.OfOthers(connection);
        var receipts = AddAll(session, jobs);
        _ = WatchAsync(jobs[0].Id); // nobody tells us of a foreign commit
        return receipts;
    }

    // Looks for a job that somebody else's transaction brings, more and more rarely, until it is there or has had its time.
    private async Task WatchAsync(Guid id)
    {
        for (var wait = TimeSpan.FromMilliseconds(5); wait < TimeSpan.FromMinutes(1); wait *= 1.5)
        {
            await Task.Delay(wait, clock);
            try
            {
                if (await GetAsync(id, CancellationToken.None) is not null)
                {
                    _listener.WorkArrived();
                    return;
                }
            }
            catch (JobStoreException exception) when (!exception.IsTransient)
            {
                return; // closed: the next start looks at all of them
            }
            catch (JobStoreException)
            {
                // Look again.
            }
        }
    }

    private async ValueTask<T> WriteAsync<T>(Func<SqliteSession, T> work, CancellationToken cancellationToken) => await Writer.RunAsync(work, cancellationToken);

    private async ValueTask<T> ReadAsync<T>(Func<SqliteSession, T> work, CancellationToken cancellationToken) => await Reader.RunAsync(work, cancellationToken);

    private long Now() => clock.GetUtcNow().UtcTicks;

    // Grows from claim to claim and from life to life of the store, without a write of its own.
    private long NextLease() => (_epoch << 32) + ++_lastLease;

    private static JobStoreException NotOpen() => new("The job store is not open: the host has not started yet, or has stopped.", isTransient: false);

    private static async ValueTask DisposeOf(params IAsyncDisposable?[] parts)
    {
        foreach (var part in parts)
        {
            if (part is not null)
            {
                await part.DisposeAsync();
            }
        }
    }

    // What the last life left running ends as if by a crash; what a process can run again that knows more names is released.
    private bool TakeBack(SqliteSession session)
    {
        var now = Now();
        foreach (var job in session.Query($"SELECT {JobRow.Columns} FROM runtime_jobs WHERE state = 4", JobRow.Read))
        {
            ReleasePlace(session, job);
            session.Run("UPDATE runtime_jobs SET crashes = crashes + 1 WHERE row = ?1", job.Row);
            if (job.CancelRequested)
            {
                End(session, job, JobState.Cancelled, job.Reason, now);
            }
            else if (job.Crashes + 1 >= _node.MaxCrashes)
            {
                End(session, job, JobState.Failed, string.Create(CultureInfo.InvariantCulture, $"The process died {job.Crashes + 1} times while it ran."), now);
            }
            else
            {
                Admit(session, job.Row, job.Job, now, now);
            }
        }

        foreach (var name in _node.JobNames)
        {
            foreach (var job in session.Query($"SELECT {JobRow.Columns} FROM runtime_jobs WHERE state = 13 AND name = ?1", JobRow.Read, name))
            {
                session.Run("UPDATE runtime_jobs SET attempt = 0, reason = NULL WHERE row = ?1", job.Row);
                Admit(session, job.Row, job.Job, now, now);
            }
        }

        session.Outbox.Work = true;
        return true;
    }
}
