using System.Globalization;
using Runtime.Benchmarks.Harness;

namespace Runtime.Benchmarks.IO;

/// <summary>A load generator's process.</summary>
internal sealed class LoadProcess : IAsyncDisposable
{
    private readonly ChildProcess _process = new("io-load");

    public Task<LoadResult> ConnectAsync(int port, int count) => AskAsync(string.Create(CultureInfo.InvariantCulture, $"connect {port} {count}"));

    public Task<LoadResult> RunClosedAsync(int connections, double seconds) => AskAsync(string.Create(CultureInfo.InvariantCulture, $"closed {connections} {seconds}"));

    public Task<LoadResult> RunOpenAsync(int connections, int slow, double rate, double seconds, int seed) =>
        AskAsync(string.Create(CultureInfo.InvariantCulture, $"open {connections} {slow} {rate} {seconds} {seed}"));

    public ValueTask DisposeAsync() => _process.DisposeAsync();

    private async Task<LoadResult> AskAsync(string line) => LoadResult.Parse(await _process.AskAsync(line));
}
