using System.Globalization;
using Runtime.Benchmarks.Harness;

namespace Runtime.Benchmarks.Scheduler.Studies;

/// <summary>What a runtime without work does to the machine: how often its threads wake, and what they burn.</summary>
internal sealed class IdleStudy : Study
{
    private static readonly TimeSpan Watched = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan QuickWatched = TimeSpan.FromSeconds(2);

    // Until what the warm-up left behind has gone to sleep.
    private static readonly TimeSpan Settle = TimeSpan.FromSeconds(1);

    public override string Name => "idle";

    public override async Task RunAsync(StudyContext context, TextWriter output)
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        var watched = context.Quick ? QuickWatched : Watched;
        await output.WriteLineAsync($"### Idle for {watched.TotalSeconds:N0} s\n");
        var table = new MarkdownTable("process", "its threads", "wake-ups of the runtime's threads", "their CPU µs", "wake-ups of all others", "their CPU µs");
        table.Add(Row("without a runtime", await WatchAsync(watched)));
        await using (await RuntimeInstance.StartAsync(context.Settings, read: false))
        {
            table.Add(Row("with a runtime, metrics listened to", await WatchAsync(watched)));
        }

        table.WriteTo(output);
    }

    // On a pool thread: Thread.Sleep, because a timer would be somebody's wake-up.
    private static Task<Activity> WatchAsync(TimeSpan time) => Task.Run(() =>
    {
        Thread.Sleep(Settle);
        var before = ThreadActivity.ReadAll();
        Thread.Sleep(time);
        var after = ThreadActivity.ReadAll();
        return new Activity(
            after.Count(t => IsOwn(t.Value)),
            Sum(before, after, IsOwn),
            Sum(before, after, t => !IsOwn(t)));
    });

    private static bool IsOwn(ThreadActivity thread) => thread.Name.StartsWith(RuntimeSettings.ThreadNamePrefix, StringComparison.Ordinal);

    private static (long Wakes, double Microseconds) Sum(Dictionary<int, ThreadActivity> before, Dictionary<int, ThreadActivity> after, Func<ThreadActivity, bool> which)
    {
        var threads = after.Where(t => which(t.Value)).Select(t => (Now: t.Value, Then: before.GetValueOrDefault(t.Key))).ToList();
        return (
            threads.Sum(t => t.Now.VoluntarySwitches - (t.Then?.VoluntarySwitches ?? 0)),
            threads.Sum(t => t.Now.ProcessorNanoseconds - (t.Then?.ProcessorNanoseconds ?? 0)) / 1_000.0);
    }

    private static string[] Row(string process, Activity activity) =>
    [
        process,
        activity.Threads.ToString(CultureInfo.InvariantCulture),
        activity.Own.Wakes.ToString(CultureInfo.InvariantCulture),
        MarkdownTable.Figure(activity.Own.Microseconds),
        activity.Others.Wakes.ToString(CultureInfo.InvariantCulture),
        MarkdownTable.Figure(activity.Others.Microseconds),
    ];

    private sealed record Activity(int Threads, (long Wakes, double Microseconds) Own, (long Wakes, double Microseconds) Others);
}
