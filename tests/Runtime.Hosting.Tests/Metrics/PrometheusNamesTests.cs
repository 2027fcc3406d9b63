using Runtime.Hosting.Metrics;

namespace Runtime.Hosting.Tests.Metrics;

public sealed class PrometheusNamesTests
{
    [Theory]
    [InlineData("http.server.request.duration", "s", false, false, "http_server_request_duration_seconds")]
    [InlineData("http.server.request.duration", "ms", false, false, "http_server_request_duration_seconds")]
    [InlineData("requests", "{request}", true, false, "requests_total")]
    [InlineData("requests.total", null, true, false, "requests_total")]
    [InlineData("work.busy", "s", true, false, "work_busy_seconds_total")]
    [InlineData("busy_seconds_total", "s", true, false, "busy_seconds_total")]
    [InlineData("heap.size", "By", false, true, "heap_size_bytes")]
    [InlineData("heap.size_bytes", "By", false, true, "heap_size_bytes")]
    [InlineData("worker.utilization", "1", false, true, "worker_utilization_ratio")]
    [InlineData("tries", "1", true, false, "tries_total")]
    [InlineData("cpu.load", "%", false, true, "cpu_load_ratio")]
    [InlineData("network.speed", "By/s", false, true, "network_speed_bytes_per_second")]
    [InlineData("rate", "{request}/min", false, true, "rate_per_second")]
    [InlineData("depth", "items", false, true, "depth_items")]
    [InlineData("my-app/Queue Length..now", null, false, true, "my_app_Queue_Length_now")]
    [InlineData("inFlight.queueDepth", null, false, true, "in_flight_queue_depth")]
    [InlineData("2nd.try", null, false, true, "_2nd_try")]
    [InlineData("größe", null, false, true, "gr_e")]
    [InlineData("a:b", null, false, true, "a_b")]
    [InlineData("_lead_", null, false, true, "lead")]
    [InlineData("…", null, false, true, "_")]
    public void Family_Name_IsSnakeCaseWithUnitAndTotal(string instrument, string? unit, bool isCounter, bool isGauge, string name) =>
        PrometheusNames.Family(instrument, PrometheusUnit.Of(unit, isGauge), isCounter).ShouldBe(name);

    [Theory]
    [InlineData("ms", 0.001)]
    [InlineData("us", 0.000001)]
    [InlineData("min", 60)]
    [InlineData("KiBy", 1024)]
    [InlineData("%", 0.01)]
    [InlineData("s", 1)]
    [InlineData("parsec", 1)]
    [InlineData(null, 1)]
    public void Unit_OtherThanTheBase_IsConverted(string? unit, double factor) => PrometheusUnit.Of(unit, isGauge: true).Factor.ShouldBe(factor);

    [Theory]
    [InlineData("http.request.method", "http_request_method")]
    [InlineData("le", "exported_le")]
    [InlineData("quantile", "exported_quantile")]
    [InlineData("__name__", "name")]
    [InlineData("9lives", "_9lives")]
    [InlineData("queueName", "queue_name")]
    public void Label_Name_IsLegalAndNotReserved(string key, string name) => PrometheusNames.Label(key).ShouldBe(name);
}
