using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;

namespace Runtime.Benchmarks.Queue;

/// <summary>Listens to every instrument of one host and adds up what it says, so that a contender pays for its metrics.</summary>
internal sealed class MetricsSink : IDisposable
{
    private readonly MeterListener _listener = new();

    public MetricsSink(IServiceProvider services)
    {
        // Meters of one IMeterFactory carry it as their scope; other contenders' meters do not concern this sink.
        var factory = services.GetRequiredService<IMeterFactory>();
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (ReferenceEquals(instrument.Meter.Scope, factory))
            {
                listener.EnableMeasurementEvents(instrument, new Sum());
            }
        };
        _listener.SetMeasurementEventCallback<long>(static (_, value, _, state) => ((Sum)state!).Add(value));
        _listener.SetMeasurementEventCallback<int>(static (_, value, _, state) => ((Sum)state!).Add(value));
        _listener.SetMeasurementEventCallback<double>(static (_, value, _, state) => ((Sum)state!).Add((long)(value * 1e6)));
        _listener.Start();
    }

    public void Dispose() => _listener.Dispose();

    private sealed class Sum
    {
        // Total of all measurements; interlocked, as in a real aggregator.
        private long _total;

        public void Add(long value) => Interlocked.Add(ref _total, value);
    }
}
