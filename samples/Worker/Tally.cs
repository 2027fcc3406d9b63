namespace Samples.Worker;

/// <summary>What has been done since the start.</summary>
/// <remarks>Written by the inbox's loop alone; read by anyone, each number on its own.</remarks>
public sealed class Tally
{
    private long _done;
    private long _bytes;
    private long _failedAttempts;
    private long _cancelled;
    private int _waiting;

    /// <summary>Gets how many files were analysed, their results written and the files removed.</summary>
    public long Done => Volatile.Read(ref _done);

    /// <summary>Gets how many bytes they had.</summary>
    public long Bytes => Volatile.Read(ref _bytes);

    /// <summary>Gets how many attempts failed.</summary>
    public long FailedAttempts => Volatile.Read(ref _failedAttempts);

    /// <summary>Gets how many analyses were cancelled.</summary>
    public long Cancelled => Volatile.Read(ref _cancelled);

    /// <summary>Gets or sets how many files of the inbox are known and not done.</summary>
    public int Waiting
    {
        get => Volatile.Read(ref _waiting);
        set => Volatile.Write(ref _waiting, value);
    }

    /// <summary>Counts a file that is done.</summary>
    /// <param name="bytes">Its length.</param>
    public void CountDone(long bytes)
    {
        Volatile.Write(ref _done, _done + 1);
        Volatile.Write(ref _bytes, _bytes + bytes);
    }

    /// <summary>Counts an attempt that failed.</summary>
    public void CountFailure() => Volatile.Write(ref _failedAttempts, _failedAttempts + 1);

    /// <summary>Counts an analysis that was cancelled.</summary>
    public void CountCancelled() => Volatile.Write(ref _cancelled, _cancelled + 1);
}
