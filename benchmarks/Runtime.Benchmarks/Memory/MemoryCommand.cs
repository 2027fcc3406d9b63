using System.Buffers;
using Runtime.Benchmarks.Harness;
using Runtime.Core;

namespace Runtime.Benchmarks.Memory;

/// <summary>The buffer pool against the class library's: <c>MemoryPool&lt;byte&gt;.Shared</c>, which is <c>ArrayPool&lt;byte&gt;.Shared</c> behind an owner.</summary>
internal sealed class MemoryCommand : BenchmarkCommand
{
    private const string Baseline = "shared";

    public override string Name => "memory";

    public override string Summary => "rent and return on a worker, several at a time, and across threads, against MemoryPool<byte>.Shared";

    public override IReadOnlyList<Option> Options { get; } =
    [
        new("items", "100000", "rents in a round"),
        new("repeats", "10", "rounds in a row that make one measurement"),
        new("rounds", "20", "counted measurements of each contender"),
        new("warmup", "5", "measurements before them"),
        new("seconds", "5", "limit of the counted measurements of each shape"),
        .. ContenderOptions.All,
    ];

    public override async Task<int> RunAsync(Arguments arguments, TextWriter output)
    {
        var machine = new Machine();
        Machine.WriteHead(output, "memory");
        var table = new MarkdownTable("shape", "pool", "n", "ns/op", "min", "p99", $"× {Baseline}", "B/op", "CPU ns/op", "GC 0/1/2");
        await using var runtime = new AsyncRuntime(new AsyncRuntimeOptions { WorkerThreads = 2, Isolation = WorkerIsolation.None });
        await runtime.StartAsync();
        foreach (var (shape, make) in Shapes(runtime))
        {
            var results = await ContenderSet.RunAsync<Contender, IReadOnlyList<Series>>([make("ours", runtime.MemoryPool), make(Baseline, MemoryPool<byte>.Shared)], Alternation.From(arguments).RunAsync);
            foreach (var result in results)
            {
                table.Add(
                    shape,
                    result.Name,
                    result.Count.ToString(System.Globalization.CultureInfo.InvariantCulture),
                    Nanoseconds(Statistics.Median(result.Done)),
                    Nanoseconds(Statistics.Quantile(result.Done, 0)),
                    Nanoseconds(Statistics.Quantile(result.Done, 0.99)),
                    MarkdownTable.Figure(result.SpeedAgainst(results[^1])),
                    MarkdownTable.Figure(Statistics.Median(result.Bytes)),
                    Nanoseconds(Statistics.Median(result.Processor)),
                    result.Collections);
            }
        }

        table.WriteTo(output);
        machine.WriteNoise(output);
        return 0;
    }

    private static IEnumerable<(string Shape, Func<string, MemoryPool<byte>, Contender> Make)> Shapes(AsyncRuntime runtime)
    {
        foreach (var size in new[] { 256, 4_096, 65_536 })
        {
            yield return ($"turn_{size}", (name, pool) => new TurnContender(name, runtime, pool, size));
        }

        yield return ("await_4096", (name, pool) => new AwaitContender(name, runtime, pool, 4_096));
        yield return ("hold_32_4096", (name, pool) => new HoldContender(name, runtime, pool, 4_096, 32));
        yield return ("across_4096", (name, pool) => new AcrossContender(name, pool, 4_096));
    }

    private static string Nanoseconds(double microseconds) => MarkdownTable.Figure(1_000 * microseconds);
}
