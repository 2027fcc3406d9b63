using System.Diagnostics;
using Runtime.Benchmarks.Harness;

namespace Runtime.Benchmarks.Scheduler;

/// <summary>A shape on one of the systems that are compared.</summary>
internal abstract class ShapeContender(string name, Shape shape) : Contender(name)
{
    // Made by StartAsync.
    private DriverThread? _driver;

    protected Shape Shape => shape;

    public override int RepeatsOf(int repeats) => repeats * shape.Repeats;

    public override Task StartAsync()
    {
        _driver = new DriverThread();
        return Task.CompletedTask;
    }

    public override Task<Lap> RunAsync(int operations) => _driver!.RunAsync(Round);

    public override ValueTask DisposeAsync()
    {
        _driver?.Dispose();
        shape.Dispose();
        return default;
    }

    protected abstract void Prepare();

    protected abstract void Run();

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
            shape.CleanUp();
        }
    }
}
