using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Runtime.Core;

namespace Runtime.Hosting.Queues;

/// <summary>What all queues of a registry share.</summary>
internal sealed record QueueServices(
    AsyncRuntime Runtime,
    IServiceScopeFactory Scopes,
    QueueClock Clock,
    ILogger Logger,
    QueueMetrics Metrics,
    WorkTracer Tracer,
    SecretSource Secrets);
