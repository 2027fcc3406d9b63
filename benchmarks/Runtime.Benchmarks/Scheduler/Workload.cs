namespace Runtime.Benchmarks.Scheduler;

/// <summary>What every shape has, whatever it runs on. All members are called on the contender's driver thread.</summary>
/// <param name="name">The name; Tokio's own for the workloads of its benches.</param>
/// <param name="operations">How many operations a round has.</param>
/// <param name="repeats">How many rounds make one measurement, so that it lasts some milliseconds.</param>
internal abstract class Workload(string name, int operations, int repeats) : IDisposable
{
    public string Name => name;

    public int Operations => operations;

    public int Repeats => repeats;

    /// <summary>Ends what the preparation of a round began. Not timed.</summary>
    public virtual void CleanUp()
    {
    }

    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    protected virtual void Dispose(bool disposing)
    {
    }
}
