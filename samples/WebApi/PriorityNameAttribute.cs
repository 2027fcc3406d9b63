using System.ComponentModel.DataAnnotations;
using Runtime.Core;

namespace Samples.WebApi;

/// <summary>Accepts the names of <see cref="TaskPriority"/> in any case, and nothing: that means Normal. Numbers are no names.</summary>
[AttributeUsage(AttributeTargets.Parameter)]
public sealed class PriorityNameAttribute : ValidationAttribute
{
    /// <summary>Reads a name that has passed the validation.</summary>
    /// <param name="name">The name, or <see langword="null"/>.</param>
    /// <returns>The priority.</returns>
    public static TaskPriority Read(string? name) => name is null ? TaskPriority.Normal : Enum.Parse<TaskPriority>(name, ignoreCase: true);

    /// <inheritdoc/>
    protected override ValidationResult? IsValid(object? value, ValidationContext validationContext) =>
        value is null || Enum.GetNames<TaskPriority>().Contains(value as string, StringComparer.OrdinalIgnoreCase)
            ? ValidationResult.Success
            : new($"The priority '{value}' is unknown; use one of {string.Join(", ", Enum.GetNames<TaskPriority>())}.");
}
