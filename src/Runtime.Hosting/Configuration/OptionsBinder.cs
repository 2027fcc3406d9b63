using Microsoft.Extensions.Configuration;
using Runtime.Core;

namespace Runtime.Hosting.Configuration;

/// <summary>Reads the section <c>AsyncRuntime</c> into options by the table of keys.</summary>
/// <remarks>
/// Not <c>ConfigurationBinder</c>: that one throws at the first text it cannot read and names a type; here every bad text is found at once
/// and the message names the key, the text, the rule and the remedy.
/// </remarks>
internal static class OptionsBinder
{
    // The sections below ours, each with the names of its keys.
    private static readonly ILookup<string, string> Parts = ConfigurationKeys.All
        .Select(static rule => rule.Key.Split(':'))
        .Where(static names => names.Length > 1)
        .ToLookup(static names => names[0], static names => names[1], StringComparer.Ordinal);

    /// <summary>Reads every key that is present; a text that is not of its type leaves the default and adds an error.</summary>
    public static void Bind(IConfiguration section, AsyncRuntimeHostingOptions options, List<string> errors)
    {
        BindAll(section, ConfigurationKeys.All, options, ConfigurationKeys.Prefix, errors);
        foreach (var child in section.GetSection(ConfigurationKeys.Queues).GetChildren())
        {
            if (!options.Queues.TryGetValue(child.Key, out var queue))
            {
                options.Queues[child.Key] = queue = new();
            }

            var path = $"{ConfigurationKeys.Prefix}{ConfigurationKeys.Queues}:{child.Key}";
            ExpectSection(child, path, ConfigurationKeys.OfOneQueue.Select(static rule => rule.Key), errors);
            BindAll(child, ConfigurationKeys.OfOneQueue, queue, path + ":", errors);
        }

        foreach (var part in Parts)
        {
            ExpectSection(section.GetSection(part.Key), ConfigurationKeys.Prefix + part.Key, part, errors);
        }

        ExpectSection(section.GetSection(ConfigurationKeys.Queues), ConfigurationKeys.Prefix + ConfigurationKeys.Queues, ["the name of a queue"], errors);
    }

    private static void BindAll<TOptions>(
        IConfiguration section, IReadOnlyList<OptionRule<TOptions>> rules, TOptions options, string prefix, List<string> errors)
    {
        foreach (var rule in rules)
        {
            if (ReadText(section.GetSection(rule.Key), rule.IsList) is { } text && !TryWrite(rule, options, text))
            {
                errors.Add(rule.ExplainText(prefix, text));
            }
        }
    }

    // A null in JSON, like a missing key, means the default.
    private static string? ReadText(IConfigurationSection entry, bool isList)
    {
        if (!isList)
        {
            return entry.Value;
        }

        var items = entry.GetChildren().Select(static item => item.Value).OfType<string>().ToList();
        return items.Count > 0 ? string.Join(',', items) : entry.Value;
    }

    private static bool TryWrite<TOptions>(OptionRule<TOptions> rule, TOptions options, string text) => rule.TryWrite(options, text);

    private static void ExpectSection(IConfigurationSection section, string path, IEnumerable<string> keys, List<string> errors)
    {
        // An empty object is an empty text to some providers.
        if (section.Value is { Length: > 0 } text)
        {
            errors.Add($"{path} is {OptionRule.Quote(text, null)}; it must be a section that holds {string.Join(", ", keys)}. Leave it out for the defaults.");
        }
    }
}
