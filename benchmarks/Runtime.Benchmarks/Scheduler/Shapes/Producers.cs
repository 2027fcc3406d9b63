using Runtime.Core;

namespace Runtime.Benchmarks.Scheduler.Shapes;

/// <summary>Tokio's <c>remote_spawn</c>: so many threads outside spawn 12,800 tasks between them; here until the last has run.</summary>
internal sealed class Producers : Shape
{
    private readonly Func<CancellationToken, ValueTask> _body;
    private readonly Action _poolBody;
    private readonly Barrier _barrier;
    private readonly Thread[] _threads;

    // What every producer does in the round that the barrier lets in; null ends it. Written before the barrier.
    private Action? _share;

    public Producers(int threads)
        : base($"producers_{threads}", 12_800, repeats: 10)
    {
        _body = _ =>
        {
            Counter.Hit();
            return default;
        };
        _poolBody = Counter.Hit;
        _barrier = new Barrier(threads + 1);
        _threads = [.. Enumerable.Range(0, threads).Select(_ => new Thread(Loop) { IsBackground = true, Name = "producer" })];
    }

    public override void RunOn(AsyncRuntime runtime) => Run(() =>
    {
        for (var i = Operations / _threads.Length; i > 0; i--)
        {
            _ = runtime.Spawn(_body);
        }
    });

    public override void RunOnPool() => Run(() =>
    {
        for (var i = Operations / _threads.Length; i > 0; i--)
        {
            _ = Task.Run(_poolBody);
        }
    });

    protected override void Dispose(bool disposing)
    {
        if (_threads[0].IsAlive)
        {
            _share = null;
            _barrier.SignalAndWait();
            Array.ForEach(_threads, t => t.Join());
        }

        _barrier.Dispose();
        base.Dispose(disposing);
    }

    private void Run(Action share)
    {
        Counter.Reset(Operations);
        _share = share;
        if (!_threads[0].IsAlive)
        {
            Array.ForEach(_threads, t => t.Start());
        }

        _barrier.SignalAndWait();
        Counter.Wait();
    }

    private void Loop()
    {
        while (true)
        {
            _barrier.SignalAndWait();
            if (_share is not { } share)
            {
                return;
            }

            share();
        }
    }
}
