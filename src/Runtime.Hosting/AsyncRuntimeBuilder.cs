using Microsoft.Extensions.DependencyInjection;

namespace Runtime.Hosting;

internal sealed class AsyncRuntimeBuilder(IServiceCollection services) : IAsyncRuntimeBuilder
{
    public IServiceCollection Services { get; } = services;
}
