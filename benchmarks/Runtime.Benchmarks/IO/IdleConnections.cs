using System.Globalization;
using Runtime.Benchmarks.Harness;
using Runtime.Benchmarks.Scheduler;
using Runtime.Benchmarks.Scheduler.Studies;

namespace Runtime.Benchmarks.IO;

/// <summary>What a connection costs that does nothing: managed bytes, and wake-ups of the whole process.</summary>
internal static class IdleConnections
{
    private static readonly TimeSpan Settle = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Watched = TimeSpan.FromSeconds(3);

    public static async Task RunAsync(RuntimeSettings settings, int count, TextWriter output)
    {
        await output.WriteLineAsync($"### {count.ToString("N0", CultureInfo.InvariantCulture)} idle connections, for {Watched.TotalSeconds:N0} s\n");
        var table = new MarkdownTable("server", "managed bytes each", "wake-ups of its threads", "their CPU µs");
        foreach (var create in new Func<EchoServer>[] { static () => new PoolEcho(), () => new RuntimeEcho(settings) })
        {
            await using var server = create();
            await server.ConnectAsync(1);
            await server.Load.RunClosedAsync(1, 0.2);
            var before = GC.GetTotalMemory(forceFullCollection: true);
            await server.ConnectAsync(count + 1);
            var bytes = GC.GetTotalMemory(forceFullCollection: true) - before;
            var (wakes, microseconds) = await Task.Run(() => Watch(server is RuntimeEcho));
            table.Add(server.Name, MarkdownTable.Figure((double)bytes / count), wakes.ToString(CultureInfo.InvariantCulture), MarkdownTable.Figure(microseconds));
        }

        table.WriteTo(output);
    }

    // Thread.Sleep, because a timer would be somebody's wake-up.
    private static (long Wakes, double Microseconds) Watch(bool isRuntime)
    {
        Thread.Sleep(Settle);
        var before = ThreadActivity.ReadAll();
        Thread.Sleep(Watched);
        var threads = ThreadActivity.ReadAll()
            .Where(thread => isRuntime
                ? thread.Value.Name.StartsWith(RuntimeSettings.ThreadNamePrefix, StringComparison.Ordinal)
                : thread.Value.Name.StartsWith(".NET TP", StringComparison.Ordinal) || thread.Value.Name.StartsWith(".NET Sockets", StringComparison.Ordinal))
            .Select(thread => (Now: thread.Value, Then: before.GetValueOrDefault(thread.Key))).ToList();
        return (
            threads.Sum(static thread => thread.Now.VoluntarySwitches - (thread.Then?.VoluntarySwitches ?? 0)),
            threads.Sum(static thread => thread.Now.ProcessorNanoseconds - (thread.Then?.ProcessorNanoseconds ?? 0)) / 1_000.0);
    }
}
