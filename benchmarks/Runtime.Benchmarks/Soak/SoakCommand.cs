using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Runtime.Benchmarks.Harness;
using Runtime.Benchmarks.Queue;
using Runtime.Core;
using Runtime.Hosting;

namespace Runtime.Benchmarks.Soak;

/// <summary>Ten million items through a bounded queue: none lost, and no memory kept.</summary>
internal sealed class SoakCommand : BenchmarkCommand
{
    public override string Name => "soak";

    public override string Summary => "10 million small items through a queue of capacity 10,000 that makes producers wait; memory must stay flat";

    public override IReadOnlyList<Option> Options { get; } =
    [
        new("items", "10000000", "items in all"),
        new("producers", "2", "concurrent producers"),
        new("capacity", "10000", "capacity of the queue"),
        new("set", "", "further settings, comma separated"),
    ];

    public override async Task<int> RunAsync(Arguments arguments, TextWriter output)
    {
        var machine = new Machine();
        var items = arguments.Integer("items");
        Machine.WriteHead(output, $"soak: {items:N0} items");
        using var counter = new RoundCounter();
        counter.Reset(items);
        using var host = BuildHost(arguments, counter);
        await host.StartAsync();
        using var metrics = new MetricsSink(host.Services);
        var queue = host.Services.GetRequiredService<IBackgroundQueue>();

        var log = new MemoryLog(() => items - counter.Remaining);
        using var sampling = log.Start();
        var began = Stopwatch.GetTimestamp();
        await ProduceAsync(queue, arguments.Integer("producers"), items, counter);
        await counter.WaitAsync(TimeSpan.FromMinutes(10));
        var elapsed = Stopwatch.GetElapsedTime(began);
        log.Add();
        var snapshot = host.Services.GetRequiredService<AsyncRuntime>().Snapshot();
        await host.StopAsync();

        log.WriteTo(output);
        await output.WriteLineAsync(string.Create(
            CultureInfo.InvariantCulture,
            $"{items:N0} items in {elapsed.TotalSeconds:F1} s, {elapsed.TotalMicroseconds / items:F3} µs each; ran {items - counter.Remaining:N0}, queued {queue.Count}; runtime: executed {snapshot.Executed:N0}, failed {snapshot.Failed:N0}.\n"));
        machine.WriteNoise(output);
        return Judge(output, counter.Remaining == 0 && queue.Count == 0, "every item ran") | Judge(output, log.IsFlat, "memory is flat");
    }

    private static int Judge(TextWriter output, bool holds, string claim)
    {
        output.WriteLine($"- {(holds ? "Holds" : "FAILS")}: {claim}.");
        return holds ? 0 : 1;
    }

    private static async Task ProduceAsync(IBackgroundQueue queue, int producers, int items, RoundCounter counter)
    {
        Func<IServiceProvider, CancellationToken, ValueTask> work = (_, _) =>
        {
            counter.Hit();
            return default;
        };
        await Task.WhenAll(Enumerable.Range(0, producers).Select(producer => Task.Run(async () =>
        {
            for (var i = producer; i < items; i += producers)
            {
                await queue.EnqueueAsync(work);
            }
        })));
    }

    private static IHost BuildHost(Arguments arguments, RoundCounter counter)
    {
        var builder = Host.CreateApplicationBuilder();
        builder.Logging.ClearProviders();
        var settings = OursSettings.From(arguments);
        builder.Configuration.AddInMemoryCollection(settings.Configuration);
        builder.Configuration.AddInMemoryCollection(
            [new($"{AsyncRuntimeHostingOptions.SectionName}:Queue:Capacity", arguments.Text("capacity")), new($"{AsyncRuntimeHostingOptions.SectionName}:Queue:FullMode", nameof(QueueFullMode.Wait))]);
        builder.Services.AddSingleton(counter);
        builder.Services.AddAsyncRuntime();
        return builder.Build();
    }
}
