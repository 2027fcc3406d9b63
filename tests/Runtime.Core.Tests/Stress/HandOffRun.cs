namespace Runtime.Core.Tests.Stress;

/// <summary>One run of a scenario: the runtime, the batons, the threads from outside.</summary>
internal sealed class HandOffRun(RuntimePort port, long handOffs, int seed) : IDisposable
{
    private readonly List<Thread> _threads = [];
    private readonly CancellationTokenSource _over = new();

    // How many seeds have been given out. The thread that sets up the run only.
    private int _seeds;

    public RuntimePort Port => port;

    public AsyncRuntime Runtime => port.Runtime;

    /// <summary>How many hand-offs the scenario is to make, more or less.</summary>
    public long HandOffs => handOffs;

    public int Seed => seed;

    public HandOffAccount Account { get; } = new();

    public HandOffCoverage Coverage { get; } = new();

    /// <summary>Cancelled when the run has finished or failed: whoever waits for a hand-off gives up then.</summary>
    public CancellationToken Over => _over.Token;

    /// <summary>A seed of its own for each that draws; the same ones for the same <see cref="Seed"/>.</summary>
    public int NextSeed() => unchecked((seed * 397) ^ (++_seeds * (int)0x9E3779B9));

    /// <summary>Adds carriers that share the scenario's hand-offs.</summary>
    public Carrier[] AddCarriers(int count, Mix mix) =>
        [.. Enumerable.Range(0, count).Select(_ => Account.Add(new Carrier(this, Account.NextId, Math.Max(1, handOffs / count), mix)))];

    /// <summary>Gives batons to the runtime for the first time.</summary>
    public void PostAll(IEnumerable<Baton> batons)
    {
        foreach (var baton in batons)
        {
            baton.Pass();
            port.Post(baton);
        }
    }

    /// <summary>Has a thread that is none of the runtime's run a body that ends by itself or by <see cref="Over"/>.</summary>
    public void StartThread(Action body)
    {
        var thread = new Thread(() => body()) { IsBackground = true, Name = "stress-outside" };
        _threads.Add(thread);
        thread.Start();
    }

    /// <summary>Ends the threads.</summary>
    public void End()
    {
        _over.Cancel();
        foreach (var thread in _threads)
        {
            thread.Join(Waiting.HangGuard).ShouldBeTrue($"An outside thread has not ended; seed {seed}.");
        }
    }

    public void Dispose()
    {
        _over.Dispose();
        Account.Dispose();
    }
}
