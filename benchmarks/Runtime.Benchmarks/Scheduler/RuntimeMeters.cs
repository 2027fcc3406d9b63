using System.Diagnostics.Metrics;

namespace Runtime.Benchmarks.Scheduler;

/// <summary>Makes the meters of one runtime, listens to every instrument of them, and reads those that must be asked.</summary>
internal sealed class RuntimeMeters : IMeterFactory
{
    private static readonly TimeSpan ReadInterval = TimeSpan.FromSeconds(1);

    private readonly List<Meter> _meters = [];
    private readonly MeterListener _listener = new();
    private readonly ITimer? _reader;

    // Total of all measurements, so that none is optimised away; interlocked.
    private long _total;

    public RuntimeMeters(bool read)
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (ReferenceEquals(instrument.Meter.Scope, this))
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<long>((_, value, _, _) => Interlocked.Add(ref _total, value));
        _listener.SetMeasurementEventCallback<int>((_, value, _, _) => Interlocked.Add(ref _total, value));
        _listener.SetMeasurementEventCallback<double>((_, value, _, _) => Interlocked.Add(ref _total, (long)(value * 1e6)));
        _listener.Start();
        _reader = read ? TimeProvider.System.CreateTimer(_ => _listener.RecordObservableInstruments(), state: null, ReadInterval, ReadInterval) : null;
    }

    public Meter Create(MeterOptions options)
    {
        options.Scope = this;
        var meter = new Meter(options);
        _meters.Add(meter);
        return meter;
    }

    public void Dispose()
    {
        _reader?.Dispose();
        _listener.Dispose();
        _meters.ForEach(m => m.Dispose());
    }
}
