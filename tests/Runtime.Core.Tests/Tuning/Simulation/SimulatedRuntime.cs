using Runtime.Core.Lifecycle;
using Runtime.Core.Tests.Diagnostics;

namespace Runtime.Core.Tests.Tuning.Simulation;

/// <summary>A runtime of numbers: a bounded queue that fills and drains on virtual time, with as many workers as a tunable says.</summary>
internal sealed class SimulatedRuntime(SimulatedLoad load, FakeTunable knobs, TimeProvider time, int seed)
{
    // The bound of the queue: what arrives beyond it is refused.
    private const double Capacity = 10_000;

    private static readonly TimeSpan Step = TimeSpan.FromSeconds(1);

    private readonly Random _noise = new(seed);
    private readonly List<double> _done = [];
    private TimeSpan _now;
    private double _queue;
    private double _executed;
    private double _busy;
    private double _wait;

    /// <summary>Items done in each second.</summary>
    public IReadOnlyList<double> Done => _done;

    /// <summary>Lives until the present, and shows how it stands.</summary>
    public RuntimeSnapshot Read()
    {
        var until = time.GetUtcNow() - DateTimeOffset.UnixEpoch;
        for (; _now + Step <= until; _now += Step)
        {
            Live();
        }

        return Snapshots.Empty with
        {
            State = RuntimeState.Running,
            Executed = (long)_executed,
            LongestWait = TimeSpan.FromSeconds(_wait),
            QueueDepth = [0, 0, (long)_queue, 0, 0],
            Workers = [.. Enumerable.Range(0, knobs.Workers).Select(id => Snapshots.Worker(id) with { Busy = TimeSpan.FromSeconds(_busy), IsRunning = _queue >= 1 })],
        };
    }

    private void Live()
    {
        var phase = load.At(_now);
        var seconds = Step.TotalSeconds;
        var second = _now.TotalSeconds % 60;
        var rate = second < phase.BurstSeconds ? phase.Rate * 60 / phase.BurstSeconds : 0;
        _queue = Math.Min(Capacity, _queue + (rate * seconds * Noise()));

        var capacity = load.Capacity(phase, knobs.Workers) * Noise();
        var done = Math.Min(_queue, capacity * seconds);
        _queue -= done;
        _executed += done;
        var share = capacity > 0 ? done / (capacity * seconds) : 0;

        // Up to saturation workers are busy for as long as their items take; from there on always. A queue that is not full of work waits about its share.
        _busy += seconds * (_queue >= 1 ? 1 : Math.Min(1, done * (phase.Computing + phase.Blocked) / (knobs.Workers * seconds)));
        _wait = _queue >= 1 ? _queue / Math.Max(1, capacity) : (phase.Computing + phase.Blocked) * share * share;
        _done.Add(done);
    }

    private double Noise()
    {
        var normal = Math.Sqrt(-2 * Math.Log(1 - _noise.NextDouble())) * Math.Cos(2 * Math.PI * _noise.NextDouble());
        return Math.Max(0.1, 1 + (load.Noise * normal));
    }
}
