using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace Runtime.Benchmarks.Web;

/// <summary>The jobs of the storm: five milliseconds each of one kind of trouble.</summary>
internal static class Jobs
{
    private static readonly TimeSpan Length = TimeSpan.FromMilliseconds(5);

    public static Action Of(string kind) => kind switch
    {
        "cpu" => Compute,
        "memory" => Allocate,
        "blocking" => Block,
        _ => throw new ArgumentException($"There is no storm '{kind}'. Known: cpu, memory, blocking.", nameof(kind)),
    };

    private static void Compute()
    {
        var began = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(began) < Length)
        {
        }
    }

    private static void Allocate()
    {
        var began = Stopwatch.GetTimestamp();
        var kept = new object[64];
        for (var i = 0; Stopwatch.GetElapsedTime(began) < Length; i++)
        {
            kept[i % kept.Length] = new byte[1 + (i * 37 % 4_000)];
        }

        Keep(kept);
    }

    // As code does that waits for a database without an await.
    private static void Block() => Thread.Sleep(Length);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Keep(object kept) => GC.KeepAlive(kept);
}
