using Runtime.Core;

namespace Runtime.Hosting.Queues;

/// <summary>Checks the arguments of an enqueue.</summary>
internal static class EnqueueRules
{
    // Long enough for a URL path or a type name, short enough for a log line.
    public const int MaxTextLength = 200;

    // A timer takes at most int.MaxValue milliseconds, a little under 25 days.
    private static readonly TimeSpan LongestTimeout = TimeSpan.FromDays(24);

    /// <exception cref="ArgumentException">Something is out of range; the message names it, its value, the rule and the remedy.</exception>
    public static void Check(EnqueueOptions options)
    {
        if (options.Priority is < TaskPriority.Critical or > TaskPriority.Background)
        {
            throw OutOfRange(nameof(options), nameof(options.Priority), options.Priority,
                $"it must be one of {nameof(TaskPriority)}. Use {nameof(TaskPriority.Critical)} to {nameof(TaskPriority.Background)}.");
        }

        if (options.Deadline < TimeSpan.Zero)
        {
            throw OutOfRange(nameof(options), nameof(options.Deadline), options.Deadline,
                "it counts from now, so it must be zero or more. Leave it null for none.");
        }

        if (options.Delay < TimeSpan.Zero)
        {
            throw OutOfRange(nameof(options), nameof(options.Delay), options.Delay,
                "it counts from now, so it must be zero or more. Leave it null for none.");
        }

        if (options.Timeout <= TimeSpan.Zero || options.Timeout > LongestTimeout)
        {
            throw OutOfRange(nameof(options), nameof(options.Timeout), options.Timeout,
                $"it must be more than zero and at most {LongestTimeout.TotalDays} days. Leave it null for none.");
        }

        if (options.ConcurrencyLimit < 1)
        {
            throw OutOfRange(nameof(options), nameof(options.ConcurrencyLimit), options.ConcurrencyLimit,
                "it must be 1 or more. To stop items of a key from running, do not enqueue them.");
        }

        CheckText(nameof(options), nameof(options.Name), options.Name);
        CheckText(nameof(options), nameof(options.ConcurrencyKey), options.ConcurrencyKey);
        CheckText(nameof(options), nameof(options.UniqueKey), options.UniqueKey);
        CheckText(nameof(options), nameof(options.ShareKey), options.ShareKey);
        if (options.Tags is null)
        {
            throw new ArgumentException($"{nameof(EnqueueOptions)}.{nameof(options.Tags)} is null; leave it out for no tags.", nameof(options));
        }
    }

    private static void CheckText(string parameter, string property, string? text)
    {
        if (text?.Length > MaxTextLength)
        {
            throw OutOfRange(parameter, property, $"{text.Length} characters long",
                $"it may have at most {MaxTextLength}. Put the rest into the work's own arguments or into {nameof(EnqueueOptions.Tags)}.");
        }
    }

    private static ArgumentOutOfRangeException OutOfRange(string parameter, string property, object? value, string rule) =>
        new(parameter, $"{nameof(EnqueueOptions)}.{property} is {value}; {rule}");
}
