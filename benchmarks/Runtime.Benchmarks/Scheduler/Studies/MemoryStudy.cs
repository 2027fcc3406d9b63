using System.Diagnostics;
using System.Globalization;
using Runtime.Benchmarks.Harness;

namespace Runtime.Benchmarks.Scheduler.Studies;

/// <summary>What a task that is alive and waits for something takes: a million of them wait for one completion source.</summary>
internal sealed class MemoryStudy : Study
{
    private const int Tasks = 1_000_000;
    private const int QuickTasks = 100_000;

    public override string Name => "memory";

    public override async Task RunAsync(StudyContext context, TextWriter output)
    {
        var tasks = context.Quick ? QuickTasks : Tasks;
        using var driver = new DriverThread();
        var table = new MarkdownTable("contender", "live tasks", "bytes each, live", "bytes each, allocated", "spawn and suspend ns each", "resume and end ns each");
        foreach (var side in await Side.StartAsync(context.Settings))
        {
            await driver.RunAsync(() => Round(side, QuickTasks));
            var result = await driver.RunAsync(() => Round(side, tasks));
            table.Add(
                side.Name,
                tasks.ToString("N0", CultureInfo.InvariantCulture),
                MarkdownTable.Figure(result.Live / (double)tasks),
                MarkdownTable.Figure(result.Allocated / (double)tasks),
                MarkdownTable.Figure(result.Spawn.TotalNanoseconds / tasks),
                MarkdownTable.Figure(result.Resume.TotalNanoseconds / tasks));
            await side.DisposeAsync();
        }

        await output.WriteLineAsync("### Live suspended tasks\n");
        table.WriteTo(output);
    }

    private static Figures Round(Side side, int tasks)
    {
        using var suspended = new Countdown();
        using var resumed = new Countdown();
        suspended.Reset(tasks);
        resumed.Reset(tasks);
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

        var liveBefore = GC.GetTotalMemory(forceFullCollection: true);
        var allocatedBefore = GC.GetTotalAllocatedBytes(precise: true);
        var began = Stopwatch.GetTimestamp();
        for (var i = 0; i < tasks; i++)
        {
            side.SpawnSuspended(gate.Task, suspended, resumed);
        }

        suspended.Wait();
        var spawn = Stopwatch.GetElapsedTime(began);
        var allocated = GC.GetTotalAllocatedBytes(precise: true) - allocatedBefore;
        var live = GC.GetTotalMemory(forceFullCollection: true) - liveBefore;

        began = Stopwatch.GetTimestamp();
        gate.SetResult();
        resumed.Wait();
        return new Figures(live, allocated, spawn, Stopwatch.GetElapsedTime(began));
    }

    private sealed record Figures(long Live, long Allocated, TimeSpan Spawn, TimeSpan Resume);
}
