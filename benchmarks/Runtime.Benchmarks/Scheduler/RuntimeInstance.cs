using Runtime.Core;

namespace Runtime.Benchmarks.Scheduler;

/// <summary>A running runtime and whoever listens to it.</summary>
internal sealed class RuntimeInstance : IAsyncDisposable
{
    private readonly RuntimeMeters? _meters;

    private RuntimeInstance(AsyncRuntime runtime, RuntimeMeters? meters)
    {
        Runtime = runtime;
        _meters = meters;
    }

    public AsyncRuntime Runtime { get; }

    /// <param name="settings">Its settings.</param>
    /// <param name="read">Whether the metrics, when listened to, are also read every second.</param>
    public static async Task<RuntimeInstance> StartAsync(RuntimeSettings settings, bool read = true)
    {
        var meters = settings.Metrics ? new RuntimeMeters(read) : null;
        var runtime = new AsyncRuntime(settings.ToOptions(), meters);
        runtime.UnhandledException += (_, e) => Environment.FailFast("A benchmark's body failed.", e.ExceptionObject as Exception);
        await runtime.StartAsync();
        return new RuntimeInstance(runtime, meters);
    }

    public async ValueTask DisposeAsync()
    {
        await Runtime.DisposeAsync();
        _meters?.Dispose();
    }
}
