using System.Diagnostics;
using Runtime.Benchmarks.Harness;

namespace Runtime.Benchmarks.Parts;

/// <summary>A loop over one operation.</summary>
internal sealed class Part(string name, Action<int> loop) : Contender(name)
{
    public override Task StartAsync() => Task.CompletedTask;

    public override Task<Lap> RunAsync(int operations)
    {
        var began = Stopwatch.GetTimestamp();
        loop(operations);
        return Task.FromResult(new Lap(0, Stopwatch.GetTimestamp() - began, 0));
    }

    public override ValueTask DisposeAsync() => default;
}
