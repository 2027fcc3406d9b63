using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Runtime.Benchmarks.Harness;
using Runtime.Core;

namespace Runtime.Benchmarks.Web;

/// <summary>The application under load, in a process of its own: a minimal API, and a storm of jobs beside it.</summary>
internal sealed class WebServerCommand : BenchmarkCommand
{
    public override string Name => "web-server";

    public override string Summary => "the application of 'web', which starts it; reads what to do from its standard input";

    public override IReadOnlyList<Option> Options { get; } =
    [
        new("way", "nothing", "how the storm's jobs are run: nothing, task-run, channel-1, channel-2, or a level of isolation, with a number of workers if wanted: None, BelowNormal, Lowest, Idle, Idle/1"),
        new("storm", "cpu", "cpu, memory or blocking"),
    ];

    public override async Task<int> RunAsync(Arguments arguments, TextWriter output)
    {
        var way = arguments.Text("way");
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var words = way.Split('/');
        if (Enum.TryParse<WorkerIsolation>(words[0], out var isolation))
        {
            builder.Services.AddAsyncRuntime(options =>
            {
                options.Isolation = isolation;
                options.WorkerThreads = words.Length > 1 ? int.Parse(words[1], CultureInfo.InvariantCulture) : 0;
                options.MaxWorkerThreads = options.WorkerThreads;
                options.Tuner.Enabled = options.WorkerThreads == 0;
            });
        }

        await using var app = builder.Build();
        app.MapGet("/ping", static () => Results.Text("pong"));
        await app.StartAsync();
        var storm = Storm.Of(way, Jobs.Of(arguments.Text("storm")), app.Services);

        // A thread of its own reads what to do: the pool may have none to spare.
        await Task.Factory.StartNew(() => Obey(app, storm, output), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        storm?.Stop();
        return 0;
    }

    private static void Obey(WebApplication app, Storm? storm, TextWriter output)
    {
        while (Console.In.ReadLine() is { } line)
        {
            switch (line)
            {
                case "port":
                    output.WriteLine(new Uri(app.Urls.First()).Port.ToString(CultureInfo.InvariantCulture));
                    break;
                case "start":
                    storm?.Start();
                    output.WriteLine("started");
                    break;
                default:
                    output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{storm?.Done ?? 0} {Environment.CpuUsage.TotalTime.TotalSeconds}"));
                    break;
            }

            output.Flush();
        }
    }
}
