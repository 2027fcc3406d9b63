using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Runtime.Hosting;
using Runtime.Jobs.Sqlite.CrashWorker;

// CrashWorker DATABASE JOURNAL enqueue|drain|die: enqueues jobs until it is killed, or runs what is left and exits, or is killed by a job.
var (database, journalPath, mode) = (args[0], args[1], args[2]);
using var journal = new Journal(journalPath);
var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
builder.Configuration.AddInMemoryCollection([new("AsyncRuntime:Jobs:MaxCrashes", mode == "die" ? "3" : "100"), new("AsyncRuntime:WorkerThreads", "2")]);
builder.Logging.SetMinimumLevel(LogLevel.None);
builder.Services.AddSingleton(journal);
builder.Services.AddAsyncRuntime().AddJob<RecordedJob>().AddJob<DeadlyJob>().UseSqlite($"Data Source={database}");
using var host = builder.Build();
await host.StartAsync();
var jobs = host.Services.GetRequiredService<IJobClient>();
Console.WriteLine("started");

if (mode == "enqueue")
{
    await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(async () =>
    {
        while (true)
        {
            try
            {
                var handle = await jobs.EnqueueAsync<RecordedJob, NoArguments>(NoArguments.Value);
                journal.Write($"A {handle.Id:N}"); // acknowledged: from here on it must not be lost
            }
            catch (JobStoreException exception)
            {
                Console.WriteLine(exception.Message); // and goes on, as a program would
                await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System);
            }
        }
    })));
}

while ((await jobs.CountAsync()).Any(static pair => pair.Key is JobState.Queued or JobState.Running or JobState.Scheduled or JobState.Blocked))
{
    await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System);
}

await host.StopAsync();
Console.WriteLine("drained");
