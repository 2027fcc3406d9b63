using System.Collections.Concurrent;

namespace Runtime.Hosting.Tests.Jobs;

public sealed record Number(int Value);

/// <summary>What the jobs of a test do, and what they have seen; a singleton of the test's host.</summary>
public sealed class Script
{
    public Func<Number, JobContext, CancellationToken, ValueTask<JobOutcome>> Run { get; set; } = static (_, _, _) => new(JobOutcome.Done);

    public ConcurrentQueue<(int Value, int Attempt, string? Thread)> Runs { get; } = new();
}

[Job("scripted", Aliases = ["scripted.old"])]
public sealed class ScriptedJob(Script script) : IJob<Number>
{
    public ValueTask<JobOutcome> RunAsync(Number args, JobContext context, CancellationToken cancellationToken)
    {
        script.Runs.Enqueue((args.Value, context.Attempt, Thread.CurrentThread.Name));
        return script.Run(args, context, cancellationToken);
    }
}

[Job("tick")]
public sealed class TickJob(Script script) : IJob<NoArguments>
{
    public ValueTask<JobOutcome> RunAsync(NoArguments args, JobContext context, CancellationToken cancellationToken)
    {
        script.Runs.Enqueue((-1, context.Attempt, Thread.CurrentThread.Name));
        return new(JobOutcome.Done);
    }
}

[Job("limited", MaxAttempts = 2, Timeout = "00:00:00.050", RetryDelay = "00:00:00.001", Queue = "slow")]
public sealed class LimitedJob(Script script) : IJob<Number>
{
    public ValueTask<JobOutcome> RunAsync(Number args, JobContext context, CancellationToken cancellationToken)
    {
        script.Runs.Enqueue((args.Value, context.Attempt, Thread.CurrentThread.Name));
        return script.Run(args, context, cancellationToken);
    }
}
