using System.Globalization;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Runtime.Hosting;
using Runtime.Jobs.PostgreSql.NodeWorker;
using Runtime.Jobs.Sqlite.CrashWorker;

// NodeWorker CONNECTION SCHEMA JOURNAL LEASE-SECONDS enqueue|run|drain: runs jobs; and enqueues them until it is killed, or runs them until its input ends, or until none is left.
var (connection, schema, journalPath, lease, mode) = (args[0], args[1], args[2], double.Parse(args[3], CultureInfo.InvariantCulture), args[4]);
using var journal = new Journal(journalPath);
var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
builder.Configuration.AddInMemoryCollection([new("AsyncRuntime:Jobs:MaxCrashes", "100"), new("AsyncRuntime:WorkerThreads", "2")]);
builder.Logging.SetMinimumLevel(LogLevel.Warning).AddProvider(new FenceLog(journal));
builder.Services.AddSingleton(journal);
builder.Services.AddAsyncRuntime().AddJob<TimedJob>().UsePostgreSql(connection, options => (options.Schema, options.NodeLease) = (schema, TimeSpan.FromSeconds(lease)));
using var host = builder.Build();
await host.StartAsync();
var jobs = host.Services.GetRequiredService<IJobClient>();
Console.WriteLine("started");

switch (mode)
{
    case "enqueue":
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(EnqueueAsync)));
        break;
    case "run":
        await Console.In.ReadToEndAsync();
        break;
    default:
        while ((await jobs.CountAsync()).Any(static pair => pair.Key is JobState.Queued or JobState.Running or JobState.Scheduled or JobState.Blocked))
        {
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System);
        }

        break;
}

await host.StopAsync();

async Task EnqueueAsync()
{
    while (true)
    {
        try
        {
            var handle = await jobs.EnqueueAsync<TimedJob, Timed>(new Timed(0));
            journal.Write($"A {handle.Id:N}"); // acknowledged: from here on it must not be lost
        }
        catch (JobStoreException)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System); // the server is away
        }
    }
}
