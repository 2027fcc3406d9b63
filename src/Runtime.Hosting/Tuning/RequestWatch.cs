using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Runtime.Hosting.Tuning;

/// <summary>Adds up how many requests the web server has answered and how long they took, from ASP.NET Core's own measurements.</summary>
/// <remarks>
/// Thread safe. Costs each request two interlocked additions, and ASP.NET Core the measurement, which it does not take while nobody listens. Only the
/// server of the same container counts: meters are known to the whole process by name, and another host's requests are not ours to protect.
/// </remarks>
internal sealed class RequestWatch : IDisposable
{
    /// <summary>The meter that is listened to.</summary>
    public const string MeterName = "Microsoft.AspNetCore.Hosting";

    /// <summary>The instrument: a histogram, in seconds, recorded at the end of each request.</summary>
    public const string InstrumentName = "http.server.request.duration";

    // A connection that is kept open (a socket, a stream of events) is no slow answer; it counts as this much.
    private const double LongestSeconds = 10;

    private readonly MeterListener _listener = new();

    // Both by Interlocked.
    private long _requests;
    private long _ticks;

    public RequestWatch(IMeterFactory meterFactory)
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Name == InstrumentName && instrument.Meter.Name == MeterName && instrument.Meter.Scope == meterFactory)
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<double>((_, seconds, _, _) => Take(seconds));
        _listener.Start();
    }

    /// <summary>Gets how many requests were answered, and how long they took, all together.</summary>
    public (long Requests, TimeSpan Time) Read() => (Interlocked.Read(ref _requests), TimeSpan.FromTicks(Interlocked.Read(ref _ticks)));

    public void Dispose() => _listener.Dispose();

    private void Take(double seconds)
    {
        Debug.Assert(seconds >= 0, "A request takes some time.");
        Interlocked.Add(ref _ticks, (long)(Math.Min(seconds, LongestSeconds) * TimeSpan.TicksPerSecond));
        Interlocked.Increment(ref _requests);
    }
}
