using System.Diagnostics;
using Runtime.Benchmarks.Harness;
using Runtime.Hosting;

namespace Runtime.Benchmarks.Jobs;

/// <summary>This project's jobs, in a store of their own.</summary>
internal sealed class OursDurableContender(string name, string store, JobStorePlaces places, EnqueueShape shape) : Contender(name)
{
    // Set by StartAsync.
    private JobsHost _host = null!;

    public override string Settings => $"defaults; {store}; finished jobs stay in the store, those of Quartz are deleted";

    public override async Task StartAsync() => _host = await JobsHost.StartAsync(JobStorePlace.Of(store, places));

    /// <summary>Counts the running jobs as a status page would.</summary>
    public async Task<TimeSpan> CountAsync()
    {
        var began = Stopwatch.GetTimestamp();
        await _host.Jobs.CountAsync(new JobFilter { States = [JobState.Running] });
        return Stopwatch.GetElapsedTime(began);
    }

    public override async Task<Lap> RunAsync(int operations)
    {
        var began = Stopwatch.GetTimestamp();
        var enqueued = await _host.RunAsync(shape, operations);
        return new((long)(enqueued.TotalSeconds * Stopwatch.Frequency), Stopwatch.GetTimestamp() - began, 0);
    }

    // As one round: with so few jobs the wait for the last end of each would be much of it.
    public override Task<Lap> RepeatAsync(int operations, int rounds) => RunAsync(operations * rounds);

    public override async ValueTask DisposeAsync()
    {
        if (_host is not null)
        {
            await _host.DisposeAsync();
        }
    }
}
