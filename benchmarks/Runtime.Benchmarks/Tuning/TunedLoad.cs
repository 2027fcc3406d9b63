using System.Diagnostics;
using Runtime.Core;

namespace Runtime.Benchmarks.Tuning;

/// <summary>What one item of a load does.</summary>
/// <param name="Name">What the load is called.</param>
/// <param name="Computing">How long an item computes.</param>
/// <param name="Blocking">How long it then blocks its worker.</param>
/// <param name="Awaiting">How long it then waits without a worker.</param>
/// <param name="ReserveThreads">How many threads may stand in for blocked workers.</param>
internal sealed record TunedLoad(string Name, TimeSpan Computing, TimeSpan Blocking, TimeSpan Awaiting, int ReserveThreads)
{
    // More items than any number of workers here can run at once: work always waits, unless it awaits.
    private const int Items = 256;

    public static IReadOnlyList<TunedLoad> All { get; } =
    [
        new("cpu", TimeSpan.FromMilliseconds(1), TimeSpan.Zero, TimeSpan.Zero, 0),
        new("blocking", TimeSpan.FromMicroseconds(50), TimeSpan.FromMilliseconds(5), TimeSpan.Zero, 0),
        new("mixed", TimeSpan.FromMicroseconds(500), TimeSpan.FromMilliseconds(5), TimeSpan.Zero, 0),
        new("blocking-reserves", TimeSpan.FromMicroseconds(50), TimeSpan.FromMilliseconds(5), TimeSpan.Zero, 256),
        new("awaiting", TimeSpan.FromMicroseconds(50), TimeSpan.Zero, TimeSpan.FromMilliseconds(20), 0),
    ];

    /// <summary>Keeps the runtime in work until the token is cancelled: as soon as an item ends it is there again (closed loop).</summary>
    /// <returns>What ends with the last item.</returns>
    public Task RunAsync(AsyncRuntime runtime, CancellationToken stop) => Task.WhenAll(Enumerable.Range(0, Items).Select(_ => runtime.Spawn(async _ =>
    {
        using var never = new EventWaitHandle(initialState: false, EventResetMode.ManualReset);
        while (!stop.IsCancellationRequested)
        {
            Compute();
            if (Blocking > TimeSpan.Zero)
            {
                never.WaitOne(Blocking);
            }

            if (Awaiting > TimeSpan.Zero)
            {
                await runtime.Delay(Awaiting);
            }
            else
            {
                await AsyncRuntime.Yield();
            }
        }
    })));

    private void Compute()
    {
        var began = Stopwatch.GetTimestamp();
        var length = Computing.TotalSeconds * Stopwatch.Frequency;
        while (Stopwatch.GetTimestamp() - began < length)
        {
        }
    }
}
