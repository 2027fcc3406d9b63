using System.Diagnostics.CodeAnalysis;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Runtime.Hosting.Endpoints;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Maps the endpoints of the asynchronous runtime.</summary>
public static class AsyncRuntimeEndpointRouteBuilderExtensions
{
    /// <summary>Maps <c>GET /health</c>, <c>/health/live</c>, <c>/health/ready</c>, <c>/metrics</c> and <c>/runtime/tuner</c>.</summary>
    /// <param name="endpoints">The application.</param>
    /// <param name="prefix">What goes before the five paths, e.g. <c>/internal</c>.</param>
    /// <returns>A convention builder for all five, e.g. to require authorization.</returns>
    /// <exception cref="InvalidOperationException"><c>AddAsyncRuntime</c> was not called.</exception>
    public static IEndpointConventionBuilder MapAsyncRuntime(this IEndpointRouteBuilder endpoints, [StringSyntax("Route")] string prefix = "")
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        ArgumentNullException.ThrowIfNull(prefix);

        var runtime = endpoints.ServiceProvider.GetService<RuntimeEndpoints>()
            ?? throw new InvalidOperationException(
                "MapAsyncRuntime needs the services of the runtime, which are not registered. Call builder.Services.AddAsyncRuntime() before builder.Build().");
        return runtime.Map(endpoints, prefix);
    }
}
