using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Runtime.Hosting.Metrics;

namespace Runtime.Hosting.Endpoints;

/// <summary>What <c>/health</c>, <c>/health/live</c>, <c>/health/ready</c>, <c>/metrics</c> and <c>/runtime/tuner</c> answer, in a web application and on the port of a worker alike.</summary>
internal sealed class RuntimeEndpoints(HealthCheckService health, MetricsScraper metrics, TunerJson tuner, IHostApplicationLifetime lifetime)
{
    /// <summary>Checks with this tag decide on readiness.</summary>
    public const string ReadyTag = "ready";

    private static readonly string[] Methods = [HttpMethods.Get, HttpMethods.Head];

    /// <summary>Maps the five endpoints below a prefix.</summary>
    public IEndpointConventionBuilder Map(IEndpointRouteBuilder endpoints, string prefix)
    {
        var group = endpoints.MapGroup(prefix);
        group.MapMethods("/health", Methods, HealthAsync).WithDisplayName("AsyncRuntime health");
        group.MapMethods("/health/live", Methods, LiveAsync).WithDisplayName("AsyncRuntime liveness");
        group.MapMethods("/health/ready", Methods, ReadyAsync).WithDisplayName("AsyncRuntime readiness");
        group.MapMethods("/metrics", Methods, MetricsAsync).WithDisplayName("AsyncRuntime metrics");
        group.MapMethods("/runtime/tuner", Methods, tuner.WriteAsync).WithDisplayName("AsyncRuntime tuner");
        return group;
    }

    private async Task HealthAsync(HttpContext context) =>
        await HealthJson.WriteAsync(context, await health.CheckHealthAsync(context.RequestAborted));

    // The process answers, so it lives. Nothing else counts: a restart cures neither load nor a database that is down.
    private static Task LiveAsync(HttpContext context) => HealthJson.WriteAsync(context, HealthStatus.Healthy);

    private async Task ReadyAsync(HttpContext context)
    {
        if (lifetime.ApplicationStopping.IsCancellationRequested)
        {
            await HealthJson.WriteAsync(context, HealthStatus.Unhealthy, "The application is stopping.");
        }
        else if (!lifetime.ApplicationStarted.IsCancellationRequested)
        {
            await HealthJson.WriteAsync(context, HealthStatus.Unhealthy, "The application is starting.");
        }
        else
        {
            await HealthJson.WriteAsync(context, await health.CheckHealthAsync(static check => check.Tags.Contains(ReadyTag), context.RequestAborted));
        }
    }

    private async Task MetricsAsync(HttpContext context)
    {
        var text = await metrics.ScrapeAsync(context.RequestAborted);
        context.Response.ContentType = PrometheusText.ContentType;
        await ResponseBody.WriteAsync(context, Encoding.UTF8.GetBytes(text));
    }
}
