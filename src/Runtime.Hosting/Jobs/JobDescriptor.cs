using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;

namespace Runtime.Hosting.Jobs;

/// <summary>One registered kind of job: its names, its policy, and the way from stored arguments to a run.</summary>
internal abstract class JobDescriptor(Type type, JobAttribute attribute, TimeSpan? timeout, TimeSpan? retryDelay)
{
    public Type Type { get; } = type;

    public string Name { get; } = attribute.Name;

    public IReadOnlyList<string> Aliases { get; } = attribute.Aliases;

    public string Queue { get; } = attribute.Queue ?? JobRules.DefaultQueue;

    public int MaxAttempts { get; } = attribute.MaxAttempts;

    public TimeSpan? Timeout { get; } = timeout;

    public TimeSpan? RetryDelay { get; } = retryDelay;

    /// <summary>Reads stored arguments.</summary>
    /// <exception cref="JsonException">They are not of the type.</exception>
    /// <exception cref="NotSupportedException">Nothing of the type can be read.</exception>
    public abstract object? ReadArguments(ReadOnlySpan<byte> json, JsonSerializerOptions options);

    /// <summary>Makes the job from the services of its scope and runs it.</summary>
    public abstract ValueTask<JobOutcome> RunAsync(IServiceProvider services, object? args, JobContext context, CancellationToken cancellationToken);
}

/// <inheritdoc/>
internal sealed class JobDescriptor<TJob, TArgs>(JobAttribute attribute, TimeSpan? timeout, TimeSpan? retryDelay) : JobDescriptor(typeof(TJob), attribute, timeout, retryDelay)
    where TJob : class, IJob<TArgs>
{
    public override object? ReadArguments(ReadOnlySpan<byte> json, JsonSerializerOptions options) =>
        JsonSerializer.Deserialize<TArgs>(json, options) is { } args
            ? args
            : throw new JsonException($"The stored arguments are null; the job takes a {typeof(TArgs).Name}.");

    public override ValueTask<JobOutcome> RunAsync(IServiceProvider services, object? args, JobContext context, CancellationToken cancellationToken) =>
        services.GetRequiredService<TJob>().RunAsync((TArgs)args!, context, cancellationToken);
}
