using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Runtime.Benchmarks.Harness;
using Runtime.Core;
using Runtime.Hosting;

namespace Runtime.Benchmarks.StartStop;

/// <summary>A thousand starts and stops: no thread, handle or memory may be left behind.</summary>
internal sealed class StartStopCommand : BenchmarkCommand
{
    private const int Samples = 10;

    public override string Name => "startstop";

    public override string Summary => "1,000 starts and stops of the runtime alone and of a host with it; threads, handles and memory must not grow";

    public override IReadOnlyList<Option> Options { get; } =
    [
        new("cycles", "1000", "starts and stops of each kind"),
        new("kind", "all", "runtime, host, plain (a host without the runtime, for comparison) or all"),
    ];

    public override async Task<int> RunAsync(Arguments arguments, TextWriter output)
    {
        var machine = new Machine();
        var cycles = arguments.Integer("cycles");
        Machine.WriteHead(output, $"startstop: {cycles:N0} cycles");
        var kind = arguments.Text("kind");
        var code = 0;
        foreach (var (name, title, cycle) in Kinds())
        {
            if (kind == name || kind == "all")
            {
                code |= await MeasureAsync(title, cycles, cycle, output);
            }
        }

        machine.WriteNoise(output);
        return code;
    }

    private static (string Name, string Title, Func<Task> Cycle)[] Kinds() =>
    [
        ("runtime", "AsyncRuntime alone: start, spawn, stop", CycleRuntimeAsync),
        ("host", "Generic host with the runtime: build, start, enqueue, stop, dispose", CycleHostAsync),
        ("plain", "Generic host without it, for comparison", CyclePlainHostAsync),
    ];

    private static async Task<int> MeasureAsync(string title, int cycles, Func<Task> cycle, TextWriter output)
    {
        var log = new ResourceLog();

        for (var done = 0; done < cycles;)
        {
            for (var i = 0; i < Math.Max(1, cycles / Samples); i++, done++)
            {
                await cycle();
            }

            await log.AddAsync(done);
        }

        await output.WriteLineAsync($"### {title}\n");
        log.WriteTo(output);
        return log.Judge(output);
    }

    private static async Task CycleRuntimeAsync()
    {
        await using var runtime = new AsyncRuntime();
        await runtime.StartAsync();
        await runtime.Spawn(async ct =>
        {
            await AsyncRuntime.Yield();
            await Task.Delay(TimeSpan.FromMilliseconds(1), runtime.TimeProvider, ct);
        });
        await runtime.StopAsync();
    }

    private static async Task CycleHostAsync()
    {
        var builder = Host.CreateApplicationBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddAsyncRuntime();
        using var host = builder.Build();
        await host.StartAsync();
        var queue = host.Services.GetRequiredService<IBackgroundQueue>();
        await await queue.EnqueueAsync(static (IServiceProvider _, CancellationToken _) => default(ValueTask));
        await host.StopAsync();
    }

    private static async Task CyclePlainHostAsync()
    {
        var builder = Host.CreateApplicationBuilder();
        builder.Logging.ClearProviders();
        using var host = builder.Build();
        await host.StartAsync();
        await host.StopAsync();
    }
}
