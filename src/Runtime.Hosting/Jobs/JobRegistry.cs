using System.Collections.Frozen;
using System.Diagnostics.CodeAnalysis;

namespace Runtime.Hosting.Jobs;

/// <summary>A class that was registered as a job.</summary>
internal sealed record JobRegistration(Type Type);

/// <summary>Every registered kind of job, by name and by class. What a stored name is looked up in: a name that is not here is never made into a type.</summary>
internal sealed class JobRegistry
{
    private readonly FrozenDictionary<string, JobDescriptor> _byName;
    private readonly FrozenDictionary<Type, JobDescriptor> _byType;

    /// <summary>Describes the registered classes.</summary>
    /// <exception cref="InvalidOperationException">One of them cannot be a job, or two have the same name.</exception>
    public JobRegistry(IEnumerable<JobRegistration> registrations)
    {
        var byName = new Dictionary<string, JobDescriptor>(StringComparer.Ordinal);
        var byType = new Dictionary<Type, JobDescriptor>();
        foreach (var type in registrations.Select(static registration => registration.Type).Distinct())
        {
            var descriptor = JobDescriptors.Of(type);
            byType.Add(type, descriptor);
            foreach (var name in descriptor.Aliases.Prepend(descriptor.Name))
            {
                if (!byName.TryAdd(name, descriptor) && byName[name] != descriptor)
                {
                    throw new InvalidOperationException(
                        $"The jobs {byName[name].Type.FullName} and {type.FullName} both have the name '{name}'; names and aliases must be unique. Rename one, and keep its old name as an alias of one of them.");
                }
            }
        }

        _byName = byName.ToFrozenDictionary(StringComparer.Ordinal);
        _byType = byType.ToFrozenDictionary();
        Names = _byName.Keys;
    }

    /// <summary>Gets every name and alias.</summary>
    public IReadOnlyCollection<string> Names { get; }

    /// <summary>Finds a kind of job by a stored name.</summary>
    public bool TryGet(string name, [NotNullWhen(true)] out JobDescriptor? descriptor) => _byName.TryGetValue(name, out descriptor);

    /// <summary>Finds a kind of job by its class.</summary>
    /// <exception cref="InvalidOperationException">It is not registered.</exception>
    public JobDescriptor Get(Type type) => _byType.TryGetValue(type, out var descriptor)
        ? descriptor
        : throw new InvalidOperationException($"{type.FullName} is not registered as a job. Add services.AddAsyncRuntime().AddJob<{type.Name}>(), or AddJobsFromAssemblyContaining<{type.Name}>().");
}
