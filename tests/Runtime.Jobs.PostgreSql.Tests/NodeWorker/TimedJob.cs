using Runtime.Hosting;
using Runtime.Jobs.Sqlite.CrashWorker;

namespace Runtime.Jobs.PostgreSql.NodeWorker;

/// <summary>What a job is told.</summary>
/// <param name="Milliseconds">How long it takes.</param>
internal sealed record Timed(int Milliseconds);

/// <summary>Writes down that it runs, for a time; it does not care for its token, as a job in the middle of something.</summary>
[Job("timed")]
internal sealed class TimedJob(Journal journal) : IJob<Timed>
{
    public async ValueTask<JobOutcome> RunAsync(Timed args, JobContext context, CancellationToken cancellationToken)
    {
        journal.Write($"B {context.Id:N}");
        await Task.Delay(TimeSpan.FromMilliseconds(args.Milliseconds), TimeProvider.System, CancellationToken.None);
        journal.Write($"E {context.Id:N}");
        return JobOutcome.Done;
    }
}
