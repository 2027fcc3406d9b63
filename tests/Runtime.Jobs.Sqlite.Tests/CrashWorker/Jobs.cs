using Runtime.Hosting;

namespace Runtime.Jobs.Sqlite.CrashWorker;

/// <summary>Writes down that it runs.</summary>
[Job("recorded")]
internal sealed class RecordedJob(Journal journal) : IJob<NoArguments>
{
    public async ValueTask<JobOutcome> RunAsync(NoArguments args, JobContext context, CancellationToken cancellationToken)
    {
        journal.Write($"B {context.Id:N}");
        await Task.Yield();
        journal.Write($"E {context.Id:N}");
        return JobOutcome.Done;
    }
}

/// <summary>Takes the process with it.</summary>
[Job("deadly")]
internal sealed class DeadlyJob(Journal journal) : IJob<NoArguments>
{
    public ValueTask<JobOutcome> RunAsync(NoArguments args, JobContext context, CancellationToken cancellationToken)
    {
        journal.Write($"D {context.Id:N}");
        Environment.FailFast("The job is deadly.");
        return new(JobOutcome.Done);
    }
}
