using System.Diagnostics;
using System.Globalization;

namespace Runtime.Benchmarks.IO;

/// <summary>A load generator's process.</summary>
internal sealed class LoadProcess : IAsyncDisposable
{
    private readonly Process _process;

    public LoadProcess()
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!) { UseShellExecute = false, RedirectStandardInput = true, RedirectStandardOutput = true };
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet")
        {
            start.ArgumentList.Add(typeof(LoadProcess).Assembly.Location);
        }

        start.ArgumentList.Add("io-load");
        _process = Process.Start(start)!;
    }

    public Task<LoadResult> ConnectAsync(int port, int count) => AskAsync(string.Create(CultureInfo.InvariantCulture, $"connect {port} {count}"));

    public Task<LoadResult> RunClosedAsync(int connections, double seconds) => AskAsync(string.Create(CultureInfo.InvariantCulture, $"closed {connections} {seconds}"));

    public Task<LoadResult> RunOpenAsync(int connections, int slow, double rate, double seconds, int seed) =>
        AskAsync(string.Create(CultureInfo.InvariantCulture, $"open {connections} {slow} {rate} {seconds} {seed}"));

    public async ValueTask DisposeAsync()
    {
        _process.StandardInput.Close();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    // Blocks a thread of its own: neither side of the comparison may be woken by a pipe that the pool reads.
    private Task<LoadResult> AskAsync(string line) => Task.Factory.StartNew(
        () =>
        {
            _process.StandardInput.WriteLine(line);
            _process.StandardInput.Flush();
            return LoadResult.Parse(_process.StandardOutput.ReadLine() ?? throw new IOException("The load generator has ended; its error is above."));
        },
        CancellationToken.None,
        TaskCreationOptions.LongRunning,
        TaskScheduler.Default);
}
