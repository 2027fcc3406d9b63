using System.Threading.Tasks.Dataflow;
using Runtime.Benchmarks.Harness;

namespace Runtime.Benchmarks.Queue;

/// <summary>Everyone who takes part.</summary>
internal static class QueueContenders
{
    /// <summary>Those for the throughput of 10,000 items.</summary>
    public static IEnumerable<QueueContender> ForThroughput(Resolve resolve, Arguments arguments)
    {
        var settings = OursSettings.From(arguments);
        yield return new OursContender("ours", settings, resolve);
        yield return new OursContender("ours-awaited", settings with { AwaitAll = true }, resolve);
        if (resolve == Resolve.Service)
        {
            yield return new OursContender("ours-typed", settings with { TypedService = true }, resolve);
        }

        yield return new RuntimeContender("runtime-post", spawn: false, resolve);
        yield return new RuntimeContender("runtime-spawn", spawn: true, resolve);
        yield return new DocumentationContender("docs-100", 100, resolve);
        yield return new DocumentationContender("docs-10k", 10_000, resolve);
        yield return new TrackedContender("docs-10k-tracked", 10_000, resolve);
        yield return new HandledContender("docs-10k-handle", HandledContender.Way.Documentation, resolve);
        yield return new HandledContender("task-run-handle", HandledContender.Way.TaskRun, resolve);
        yield return new HandledContender("dataflow-handle", HandledContender.Way.Dataflow, resolve);
        yield return new TaskRunContender("task-run", awaitAll: false, resolve);
        yield return new TaskRunContender("task-run-awaited", awaitAll: true, resolve);
        yield return new DataflowContender("dataflow", DataflowBlockOptions.Unbounded, resolve);
        yield return new DataflowContender("dataflow-10k", 10_000, resolve);
        yield return new QuartzContender("quartz-trigger", schedule: false, resolve);
        yield return new QuartzContender("quartz-schedule", schedule: true, resolve);
    }

    /// <summary>Those for the time from an enqueue to the start.</summary>
    public static IEnumerable<QueueContender> ForLatency(Arguments arguments)
    {
        yield return new OursContender("ours", OursSettings.From(arguments), Resolve.Nothing);
        yield return new RuntimeContender("runtime-post", spawn: false, Resolve.Nothing);
        yield return new DocumentationContender("docs-100", 100, Resolve.Nothing);
        yield return new DocumentationContender("docs-10k", 10_000, Resolve.Nothing);
        yield return new TaskRunContender("task-run", awaitAll: false, Resolve.Nothing);
        yield return new DataflowContender("dataflow", DataflowBlockOptions.Unbounded, Resolve.Nothing);
        yield return new DataflowContender("dataflow-10k", 10_000, Resolve.Nothing);
        yield return new QuartzContender("quartz-trigger", schedule: false, Resolve.Nothing);
    }

    /// <summary>Those whose consumers can be held back, to time the two sides apart.</summary>
    public static IEnumerable<QueueContender> ForPhases(Arguments arguments)
    {
        var settings = OursSettings.From(arguments);
        yield return new OursContender("ours", settings, Resolve.Nothing);
        yield return new RuntimeContender("runtime-post", spawn: false, Resolve.Nothing);
        yield return new RuntimeContender("runtime-spawn", spawn: true, Resolve.Nothing);
        yield return new DocumentationContender("docs-10k", 10_000, Resolve.Nothing);
        yield return new TrackedContender("docs-10k-tracked", 10_000, Resolve.Nothing);
        yield return new DataflowContender("dataflow", DataflowBlockOptions.Unbounded, Resolve.Nothing);
    }
}
