using Runtime.Core.Concurrency;
using Runtime.Core.Topology;

namespace Runtime.Core.Scheduling;

/// <summary>Makes the system choose anew who runs, twice a millisecond on every processor, while workers of <see cref="WorkerIsolation.Idle"/> compute.</summary>
/// <remarks>
/// Linux does not put <c>SCHED_IDLE</c> strictly last. Since 6.6 (EEVDF) it chooses among the threads that have had no more than their share, so that when a request's thread
/// goes to sleep and another one waits that has just had its share, the worker is chosen; and no wake-up follows that would take the processor from it before the next
/// tick, which is 4 ms away in most kernels. A wake-up of any ordinary thread on that processor does: the system chooses again, and by then the worker has had
/// far more than its share, which is three thousandths. So a thread of ordinary priority wakes up there, and goes to sleep at once. See README.md, "Ticks".
/// <para><see cref="Set"/> and <see cref="Stop"/> are the monitor's; the rest is each thread's own.</para>
/// </remarks>
/// <param name="namePrefix">The names of the threads begin with it.</param>
/// <param name="onRefused">Told why the system would not have a thread, or not there; the others tick all the same.</param>
internal sealed class PreemptionTicker(string namePrefix, Action<string> onRefused)
{
    // So long at the most does a request wait, in place of the system's tick. Measured at 14 µs a wake-up on a virtual machine, so it costs some 2.5 % of a processor; half as often, a turn in three gained nothing.
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(0.5);

    // Beyond, a machine has more processors than requests and workers are likely to fill, and a thread for each gets dear.
    private const int MostProcessors = 64;

    // A thread that only sleeps; below this the runtime's own start-up would be short of room.
    private const int StackSize = 128 * 1024;

    // Whether to tick. Written by the monitor, read by every ticker at each turn.
    private AtomicInt32 _wanted;

    private volatile bool _ended;

    // Made at the first need, by the monitor.
    private volatile Parker[]? _parkers;

    // How many sleep until they are wanted again, and how many wake-ups there were. By Interlocked.
    private AtomicInt32 _resting;
    private AtomicInt64 _ticks;

    /// <summary>How many threads there are.</summary>
    public int Threads => _parkers?.Length ?? 0;

    /// <summary>How many of them sleep until they are wanted.</summary>
    public int Resting => _resting.Value;

    /// <summary>How many wake-ups there were.</summary>
    public long Ticks => _ticks.Value;

    /// <summary>Begins to tick, or ends it.</summary>
    public void Set(bool wanted)
    {
        if (wanted == (_wanted.Value != 0))
        {
            return;
        }

        _wanted.Value = wanted ? 1 : 0;
        if (wanted)
        {
            _parkers ??= StartThreads();
            Wake(); // a token: a thread that has just read the old value does not sleep on it
        }
    }

    /// <summary>Ends the threads.</summary>
    public void Stop()
    {
        _ended = true;
        Wake();
    }

    private void Wake()
    {
        foreach (var parker in _parkers ?? [])
        {
            parker.Unpark();
        }
    }

    private Parker[] StartThreads()
    {
        var processors = CpuTopologyReader.ReadAvailable().Allowed.Ids;
        var parkers = new List<Parker>();
        try
        {
            foreach (var processor in processors[..Math.Min(processors.Length, MostProcessors)])
            {
                var parker = Parker.Create();
                new Thread(() => Tick(processor, parker), StackSize) { IsBackground = true, Name = $"{namePrefix}-{processor}" }.UnsafeStart();
                parkers.Add(parker);
            }
        }
        catch (OutOfMemoryException exception)
        {
            // A limit of threads, e.g. that of a container. The monitor, on whose thread this is, has more to do than this.
            onRefused($"The system refused a thread that would tick beside the workers: {exception.Message}");
        }

        return [.. parkers];
    }

    private void Tick(int processor, Parker parker)
    {
        if (ThreadPlacement.Bind(ProcessorSet.Of([processor])) is { } problem)
        {
            onRefused(problem);
            return;
        }

        while (!_ended)
        {
            if (_wanted.Value != 0)
            {
                parker.Park(Period);
                _ticks.Add(1);
                continue;
            }

            _resting.Add(1);
            parker.Park();
            _resting.Add(-1);
        }

        parker.Dispose();
    }
}
