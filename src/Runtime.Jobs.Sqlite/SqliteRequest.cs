namespace Runtime.Jobs.Sqlite;

/// <summary>When the disk has to have what a request has written.</summary>
internal enum SqliteSync
{
    /// <summary>With whatever is synced next: should a power cut undo it, nothing is lost and nothing was promised.</summary>
    Never,

    /// <summary>Within <see cref="SqliteWorker.SyncWithin"/>, whether or not anything else is written.</summary>
    Soon,

    /// <summary>Before the caller is answered.</summary>
    Now,
}

/// <summary>What a caller wants done on the thread of a connection.</summary>
internal interface ISqliteRequest
{
    SqliteSync Sync { get; }

    /// <summary>Does it, within a transaction; maybe again, when that was rolled back.</summary>
    void Execute(SqliteSession session);

    void Succeed();

    void Fail(Exception exception);
}

/// <summary>A request with the task that its caller waits for.</summary>
internal sealed class SqliteRequest<T>(Func<SqliteSession, T> work, SqliteSync sync) : TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously), ISqliteRequest
{
    private T _result = default!;

    public SqliteSync Sync { get; } = sync;

    public void Execute(SqliteSession session) => _result = work(session);

    public void Succeed() => TrySetResult(_result);

    public void Fail(Exception exception) => TrySetException(exception);
}
