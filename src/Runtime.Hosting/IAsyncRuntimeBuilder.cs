using Microsoft.Extensions.DependencyInjection;

namespace Runtime.Hosting;

/// <summary>Adds to the asynchronous runtime of an application. What <c>AddAsyncRuntime</c> returns.</summary>
public interface IAsyncRuntimeBuilder
{
    /// <summary>Gets the services that the runtime is registered in.</summary>
    IServiceCollection Services { get; }
}
