namespace Runtime.Hosting;

/// <summary>Settings of the health and metrics endpoints that <c>AddAsyncRuntimeEndpoints</c> serves on a port of their own.</summary>
public sealed class EndpointsOptions
{
    /// <summary>Gets or sets where the endpoints listen.</summary>
    /// <value>Default <c>http://127.0.0.1:9464</c>, the customary port of OpenTelemetry's Prometheus exporters, for this machine only. An <c>http</c> address; port 0 takes any free one. Read once, at the start.</value>
#pragma warning disable CA1056 // Kestrel's own notation, in which the host may be * or +; System.Uri refuses those.
    public string Url { get; set; } = "http://127.0.0.1:9464";
#pragma warning restore CA1056
}
