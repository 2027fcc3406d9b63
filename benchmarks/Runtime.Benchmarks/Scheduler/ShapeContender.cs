using System.Diagnostics;
using Runtime.Benchmarks.Harness;

namespace Runtime.Benchmarks.Scheduler;

/// <summary>A shape on one of the systems that are compared.</summary>
internal abstract class ShapeContender(string name, Workload workload) : Contender(name)
{
    // Made by StartAsync.
    private DriverThread? _driver;

    public override Task StartAsync()
    {
        _driver = new DriverThread();
        return Task.CompletedTask;
    }

    // All rounds of a measurement in one call: passing each to the driver and back would wake, and keep spinning, threads that count as the contender's.
    public override Task<Lap> RunAsync(int operations) => _driver!.RunAsync(Rounds);

    public override ValueTask DisposeAsync()
    {
        _driver?.Dispose();
        workload.Dispose();
        return default;
    }

    protected abstract void Prepare();

    protected abstract void Run();

    private Lap Rounds()
    {
        var sum = default(Lap);
        for (var i = workload.Repeats; i > 0; i--)
        {
            sum += Round();
        }

        return sum;
    }

    private Lap Round()
    {
        Prepare();
        try
        {
            var began = Stopwatch.GetTimestamp();
            Run();
            return new Lap(0, Stopwatch.GetTimestamp() - began, 0);
        }
        finally
        {
            workload.CleanUp();
        }
    }
}
