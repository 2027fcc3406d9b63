using System.Globalization;
using System.Reflection;

namespace Runtime.Hosting.Jobs;

/// <summary>Makes descriptors from classes, and says what is wrong with a class that cannot be a job.</summary>
internal static class JobDescriptors
{
    private static readonly MethodInfo Make = typeof(JobDescriptors).GetMethod(nameof(Create), BindingFlags.NonPublic | BindingFlags.Static)!;

    /// <summary>Says whether a class runs jobs at all.</summary>
    public static bool IsJob(Type type) => type is { IsClass: true, IsAbstract: false, ContainsGenericParameters: false } && ArgumentTypes(type).Length > 0;

    /// <summary>Describes a class.</summary>
    /// <exception cref="InvalidOperationException">It cannot be a job.</exception>
    public static JobDescriptor Of(Type type)
    {
        var arguments = ArgumentTypes(type);
        if (arguments.Length != 1)
        {
            throw new InvalidOperationException($"{type.FullName} implements IJob<TArgs> {arguments.Length} times; a job does so once. Make one class for each kind of job.");
        }

        var attribute = type.GetCustomAttribute<JobAttribute>()
            ?? throw new InvalidOperationException($"{type.FullName} has no [Job(\"name\")]; a job needs a name that stays when its class is renamed. Add the attribute.");
        Check(type, attribute);
        return (JobDescriptor)Make.MakeGenericMethod(type, arguments[0]).Invoke(null, BindingFlags.DoNotWrapExceptions, null, [attribute], CultureInfo.InvariantCulture)!;
    }

    private static Type[] ArgumentTypes(Type type) =>
        [.. type.GetInterfaces().Where(static face => face.IsGenericType && face.GetGenericTypeDefinition() == typeof(IJob<>)).Select(static face => face.GetGenericArguments()[0])];

    private static void Check(Type type, JobAttribute attribute)
    {
        foreach (var name in (attribute.Aliases ?? []).Prepend(attribute.Name))
        {
            if (JobRules.ProblemOfName(name) is { } problem)
            {
                throw new InvalidOperationException($"The [Job] of {type.FullName}: {problem}");
            }

            if (name.StartsWith(JobRules.ReservedNames, StringComparison.Ordinal))
            {
                throw new InvalidOperationException($"The name '{name}' of the job {type.FullName} begins with '{JobRules.ReservedNames}', which names of the runtime's own jobs do. Choose another.");
            }
        }

        if (attribute.Queue is not null)
        {
            JobRules.CheckWord(attribute.Queue, JobRules.LongestName, $"The Queue in the [Job] of {type.FullName}");
        }

        if (attribute.MaxAttempts is < 0 or > JobRules.MostAttempts)
        {
            throw new InvalidOperationException($"The MaxAttempts in the [Job] of {type.FullName} is {attribute.MaxAttempts}; it must be from 0 (as configured) to {JobRules.MostAttempts}.");
        }
    }

    private static JobDescriptor<TJob, TArgs> Create<TJob, TArgs>(JobAttribute attribute)
        where TJob : class, IJob<TArgs> => new(
            attribute,
            Time<TJob>(attribute.Timeout, nameof(attribute.Timeout), JobRules.LongestTimeout),
            Time<TJob>(attribute.RetryDelay, nameof(attribute.RetryDelay), JobRules.LongestDelay));

    private static TimeSpan? Time<TJob>(string? text, string name, TimeSpan longest) => text is null
        ? null
        : text.Contains(':', StringComparison.Ordinal) && TimeSpan.TryParseExact(text, "c", CultureInfo.InvariantCulture, out var time) && time > TimeSpan.Zero && time <= longest
            ? time
            : throw new InvalidOperationException($"The {name} in the [Job] of {typeof(TJob).FullName} is '{JobRules.Shown(text)}'; it must be a time written as hh:mm:ss, more than 0, at most {longest:c}.");
}
