namespace Runtime.Benchmarks.Queue;

/// <summary>Holds the consumers of a queue back.</summary>
internal sealed class Gate(int consumers) : IDisposable
{
    private readonly CountdownEvent _held = new(consumers);
    private readonly ManualResetEventSlim _open = new();

    /// <summary>Blocks the calling consumer until the gate opens.</summary>
    public void Pass()
    {
        _held.Signal();
        _open.Wait();
    }

    public void WaitUntilHeld() => _held.Wait();

    public void Open() => _open.Set();

    public void Dispose()
    {
        _held.Dispose();
        _open.Dispose();
    }
}
