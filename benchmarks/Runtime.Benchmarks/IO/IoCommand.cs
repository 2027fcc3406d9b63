using System.Globalization;
using Runtime.Benchmarks.Harness;
using Runtime.Benchmarks.Scheduler;

namespace Runtime.Benchmarks.IO;

/// <summary>An echo server on the runtime's event loop against the same one on the library's sockets and the thread pool.</summary>
internal sealed class IoCommand : BenchmarkCommand
{
    // The open loop asks for this share of what the slower one can do: busy, and no queue of its own making.
    private const double OpenShare = 0.3;

    public override string Name => "io";

    public override string Summary => "echo servers over the loopback interface, closed and open loop, 1 to 10,000 connections, idle and slow ones";

    public override IReadOnlyList<Option> Options { get; } =
    [
        new("connections", "1,10,100,1000,9500", "numbers of connections, ascending; two for each are open in this process, and its limit of descriptors may be 20,000"),
        new("turns", "5", "turns of each load; every second one goes backwards"),
        new("time", "1000", "length of one measurement in milliseconds"),
        new("workers", "2", "workers of the runtime"),
        new("isolation", "None", "how far they stand back"),
        new("idle", "10000", "idle connections to weigh; 0 for none"),
    ];

    public override async Task<int> RunAsync(Arguments arguments, TextWriter output)
    {
        var machine = new Machine();
        Machine.WriteHead(output, "io");
        var settings = RuntimeSettings.From(arguments);
        await output.WriteLineAsync($"Messages of {LoadClient.MessageLength} bytes; the load comes from a process of its own, one for each server, with one thread; CPU, switches and bytes are the server process's. runtime: {settings.Describe()}\n");
        if (arguments.Integer("idle") > 0)
        {
            await IdleConnections.RunAsync(settings, arguments.Integer("idle"), output);
        }

        await using var pool = new PoolEcho();
        await using var runtime = new RuntimeEcho(settings);
        var table = IoSeries.Table();
        foreach (var connections in arguments.Text("connections").Split(',').Select(static word => int.Parse(word, CultureInfo.InvariantCulture)))
        {
            await MeasureAsync(new IoLoads(pool, runtime, arguments.Integer("turns"), arguments.Integer("time") / 1000.0), connections, table);
        }

        table.WriteTo(output);
        machine.WriteNoise(output);
        return 0;
    }

    private static async Task MeasureAsync(IoLoads loads, int connections, MarkdownTable table)
    {
        await loads.ConnectAsync(connections);
        var closed = await loads.RunAsync((server, seconds, _) => server.Load.RunClosedAsync(connections, seconds));
        AddRows(table, string.Create(CultureInfo.InvariantCulture, $"{connections:N0} closed"), closed);
        var rate = OpenShare * closed.Min(static series => series.MedianRate);
        var open = await loads.RunAsync((server, seconds, turn) => server.Load.RunOpenAsync(connections, slow: 0, rate, seconds, turn));
        AddRows(table, string.Create(CultureInfo.InvariantCulture, $"{connections:N0} open"), open);
        if (connections < 100)
        {
            return;
        }

        var half = connections / 2;
        var fast = await loads.RunAsync((server, seconds, turn) => server.Load.RunOpenAsync(half, slow: 0, rate, seconds, turn));
        AddRows(table, string.Create(CultureInfo.InvariantCulture, $"{half:N0} open, others idle"), fast);
        var slow = await loads.RunAsync((server, seconds, turn) => server.Load.RunOpenAsync(half, half, rate, seconds, turn));
        AddRows(table, string.Create(CultureInfo.InvariantCulture, $"{half:N0} open, others slow"), slow);
    }

    private static void AddRows(MarkdownTable table, string load, IoSeries[] series)
    {
        foreach (var one in series)
        {
            table.Add(one.Row(load, series[0]));
        }
    }
}
