using Microsoft.Extensions.Options;
using Runtime.Core;

namespace Runtime.Hosting.Configuration;

/// <summary>Holds the settings against the table of keys, and against each other. Reports everything that is wrong at once.</summary>
internal sealed class AsyncRuntimeOptionsValidator : IValidateOptions<AsyncRuntimeHostingOptions>
{
    // A queue's name is a metric label, a log property and a configuration key.
    private const int LongestQueueName = 100;

    public ValidateOptionsResult Validate(string? name, AsyncRuntimeHostingOptions options)
    {
        var errors = new List<string>();
        AsyncRuntimeOptionsRules.CheckRanges(options, ConfigurationKeys.All, ConfigurationKeys.MissingParts(options), ConfigurationKeys.Prefix, errors);
        AsyncRuntimeOptionsRules.CheckTogether(options, ConfigurationKeys.Prefix, errors);
        foreach (var (queueName, queue) in options.Queues)
        {
            CheckQueue(queueName, queue, errors);
        }

        CheckNames(options.Queues.Keys, errors);
        return errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);
    }

    private static void CheckQueue(string name, BackgroundQueueOptions? queue, List<string> errors)
    {
        var path = $"{ConfigurationKeys.Prefix}{ConfigurationKeys.Queues}:{name}";
        if (queue is null)
        {
            errors.Add($"{path} is null; it must be an object. Give it a new {nameof(BackgroundQueueOptions)} for the defaults.");
            return;
        }

        if (string.IsNullOrWhiteSpace(name) || name.Length > LongestQueueName || name.Any(char.IsControl))
        {
            errors.Add($"{ConfigurationKeys.Prefix}{ConfigurationKeys.Queues} holds the name {OptionRule.Quote(name, null)}; "
                + $"a name must be 1 to {LongestQueueName} printable characters. Rename the queue.");
        }

        if (string.Equals(name, "default", StringComparison.OrdinalIgnoreCase))
        {
            errors.Add($"{path} is not possible; that name belongs to the queue without a key. Use {ConfigurationKeys.Prefix}Queue for it, or choose another name.");
        }

        AsyncRuntimeOptionsRules.CheckRanges(queue, ConfigurationKeys.OfOneQueue, [], path + ":", errors);
    }

    private static void CheckNames(IEnumerable<string> names, List<string> errors)
    {
        foreach (var same in names.GroupBy(static name => name, StringComparer.OrdinalIgnoreCase).Where(static same => same.Count() > 1))
        {
            errors.Add($"{ConfigurationKeys.Prefix}{ConfigurationKeys.Queues} holds {string.Join(" and ", same.Select(static name => $"'{name}'"))}; "
                + "names of queues must differ in more than case. Rename one.");
        }
    }
}
