using System.Diagnostics.Metrics;
using Microsoft.Extensions.Options;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using Runtime.Core.Diagnostics;
using Runtime.Hosting.Configuration;

namespace Runtime.Hosting.Metrics;

/// <summary>Aggregates the instruments of the configured meters, and renders them when somebody scrapes.</summary>
/// <remarks>
/// Aggregation is OpenTelemetry's. It begins when this object is made, which is when the endpoint is mapped: an application that shows no
/// metrics pays for none. When the list of meters changes, the aggregation begins anew, and so do the counters that the
/// instruments do not keep themselves; Prometheus takes that for a restart.
/// </remarks>
internal sealed class MetricsScraper : IDisposable
{
    private readonly IMeterFactory _meterFactory;
    private readonly IDisposable? _subscription;

    // Serialises scrapes and changes. Collecting twice at once would hand both callers one result.
    private readonly SemaphoreSlim _gate = new(1, 1);

    // What collects at present; replaced under _gate.
    private Collection _collection;
    private bool _disposed;

    public MetricsScraper(IOptionsMonitor<AsyncRuntimeHostingOptions> options, IMeterFactory meterFactory)
    {
        _meterFactory = meterFactory;
        _collection = new(Meters(options.CurrentValue), meterFactory);
        _subscription = options.OnChange(changed => Reconfigure(Meters(changed)));
    }

    /// <summary>Collects now, and renders.</summary>
    /// <param name="cancellationToken">Ends the wait for a scrape that is under way.</param>
    public async Task<string> ScrapeAsync(CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken);
        try
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            return _collection.Collect();
        }
        finally
        {
            _gate.Release();
        }
    }

    public void Dispose()
    {
        _subscription?.Dispose();
        _gate.Wait();
        try
        {
            _disposed = true;
            _collection.Dispose();
        }
        finally
        {
            _gate.Release(); // the gate itself stays: a late scrape finds the flag, not a disposed semaphore
        }
    }

    private static string[] Meters(AsyncRuntimeHostingOptions options) =>
        [.. (options.Metrics.Meters.Count > 0 ? options.Metrics.Meters.AsEnumerable() : ConfigurationKeys.DefaultMeters).Distinct(StringComparer.OrdinalIgnoreCase)];

    private void Reconfigure(string[] meters)
    {
        _gate.Wait();
        try
        {
            if (!_disposed && !_collection.Meters.SequenceEqual(meters, StringComparer.Ordinal))
            {
                var old = _collection;
                _collection = new(meters, _meterFactory);
                old.Dispose();
            }
        }
        finally
        {
            _gate.Release();
        }
    }

    private sealed class Collection : IDisposable
    {
        private readonly MetricDocumentExporter _exporter = new();
        private readonly BaseExportingMetricReader _reader;
        private readonly MeterProvider _provider;

        public Collection(string[] meters, IMeterFactory meterFactory)
        {
            Meters = meters;
            _reader = new(_exporter);
            _provider = Sdk.CreateMeterProviderBuilder()
                .AddMeter(meters)
                .AddView(instrument => IsOurs(instrument.Meter, meterFactory) ? null : MetricStreamConfiguration.Drop)
                .AddReader(_reader)
                .Build();
        }

        public string[] Meters { get; }

        public string Collect() =>
            _reader.Collect() && _exporter.TakeText() is { } text
                ? text
                : throw new InvalidOperationException("The metrics could not be collected; an instrument's callback may have failed.");

        // Meters are known to the whole process by name. Those of another container in it (a second host, a test) are not ours to show, and
        // neither is a runtime that somebody made by hand: two of one name would be added up, and the end of one would end both.
        private static bool IsOurs(Meter meter, IMeterFactory meterFactory) =>
            meter.Scope is IMeterFactory || meter.Name == RuntimeMetrics.MeterName ? meter.Scope == meterFactory : true;

        public void Dispose()
        {
            _provider.Dispose();
            _reader.Dispose();
            _exporter.Dispose();
        }
    }
}
