using System.Diagnostics;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Runtime.Core;
using Runtime.Hosting;

namespace Runtime.Benchmarks.Deadlines;

/// <summary>A host whose queue has so many places, each of which an item holds for its service time without a processor.</summary>
/// <remarks>Items wait rather than compute, so that what else the machine does changes their times little; places are what they compete for.</remarks>
internal sealed class DeadlineRun : IAsyncDisposable
{
    private readonly IHost _host;
    private readonly AsyncRuntime _runtime;
    private readonly IBackgroundQueue _queue;

    private DeadlineRun(IHost host)
    {
        _host = host;
        _runtime = host.Services.GetRequiredService<AsyncRuntime>();
        _queue = host.Services.GetRequiredService<IBackgroundQueue>();
    }

    public static async Task<DeadlineRun> StartAsync(int places, DeadlinePolicy policy)
    {
        var builder = Host.CreateApplicationBuilder();
        builder.Logging.ClearProviders();
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["AsyncRuntime:Queue:MaxConcurrency"] = $"{places}",
            ["AsyncRuntime:Queue:Capacity"] = "1000000",
            ["AsyncRuntime:Queue:Admission"] = $"{(policy == DeadlinePolicy.EdfRejectIfLate ? QueueAdmission.RejectIfLate : QueueAdmission.Admit)}",
            ["AsyncRuntime:Tuner:Enabled"] = "false",
            ["AsyncRuntime:Isolation"] = $"{WorkerIsolation.None}",
        });
        builder.Services.AddAsyncRuntime();
        var host = builder.Build();
        await host.StartAsync();
        return new DeadlineRun(host);
    }

    /// <summary>Runs all services as fast as the places allow: how many end in a second.</summary>
    public async Task<double> MeasureCapacityAsync(IReadOnlyList<TimeSpan> services)
    {
        var began = Stopwatch.GetTimestamp();
        var handles = new List<WorkHandle>();
        foreach (var service in services)
        {
            handles.Add(await _queue.EnqueueAsync(async _ => await _runtime.Delay(service)));
        }

        foreach (var handle in handles)
        {
            await handle;
        }

        return services.Count / Stopwatch.GetElapsedTime(began).TotalSeconds;
    }

    /// <summary>Offers the arrivals at their times, whatever becomes of them (open loop), and waits for the last.</summary>
    public async Task<DeadlineResult> OfferAsync(IReadOnlyList<Arrival> arrivals, DeadlinePolicy policy, DeadlineLoad load)
    {
        var began = Stopwatch.GetTimestamp();
        var accepted = new List<(Arrival Arrival, WorkHandle Handle)>(arrivals.Count);
        var refused = 0;
        foreach (var arrival in arrivals)
        {
            while (Stopwatch.GetElapsedTime(began) < arrival.At)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System);
            }

            if (_queue.TryEnqueue(async _ => await _runtime.Delay(arrival.Service), DeadlinePolicies.OptionsOf(policy, arrival, load), out var handle))
            {
                accepted.Add((arrival, handle));
            }
            else
            {
                refused++;
            }
        }

        List<double> late = [];
        foreach (var (arrival, handle) in accepted)
        {
            await handle;
            var lateness = (handle.FinishedAt!.Value - handle.EnqueuedAt - arrival.Deadline).TotalMilliseconds;
            if (lateness > 0)
            {
                late.Add(lateness);
            }
        }

        return new DeadlineResult(arrivals.Count, refused, late);
    }

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync();
        _host.Dispose();
    }
}

/// <summary>What became of the arrivals.</summary>
/// <param name="Offered">How many there were.</param>
/// <param name="Refused">Those that were turned away at once.</param>
/// <param name="Late">How late those were that were accepted and missed their deadline, in milliseconds.</param>
internal sealed record DeadlineResult(int Offered, int Refused, IReadOnlyList<double> Late)
{
    public int Accepted => Offered - Refused;

    public double MissedShare => Accepted == 0 ? 0 : (double)Late.Count / Accepted;

    public double OnTimeShare => (double)(Accepted - Late.Count) / Offered;
}
