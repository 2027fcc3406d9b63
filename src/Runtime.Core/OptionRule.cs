using System.Globalization;

namespace Runtime.Core;

/// <summary>One setting: its key, what it may be, and how to read, write and check it.</summary>
/// <remarks>
/// The binder, the validator, the comparison of a reload with what is in force, and the table in the documentation all come from these,
/// so none of them can disagree with another.
/// </remarks>
/// <typeparam name="TOptions">The options that hold the setting.</typeparam>
internal sealed class OptionRule<TOptions>
{
    /// <summary>Gets the key below the section, e.g. <c>Timers:Resolution</c>.</summary>
    public required string Key { get; init; }

    /// <summary>Gets the type for the documentation, e.g. <c>integer</c>.</summary>
    public required string Type { get; init; }

    /// <summary>Gets what a text must be before its range matters, e.g. "a whole number "; empty where the range says it all.</summary>
    public string Noun { get; init; } = "";

    /// <summary>Gets the default, as one would write it.</summary>
    public required string Default { get; init; }

    /// <summary>Gets the rule, in words that follow "it must be".</summary>
    public required string Range { get; init; }

    /// <summary>Gets what to do about a bad value.</summary>
    public required string Remedy { get; init; }

    /// <summary>Gets whether a change of a running process has no effect until the next start.</summary>
    public bool AtStartOnly { get; init; }

    /// <summary>Gets whether the configuration holds a list of texts; <see cref="TryWrite"/> then takes them joined by commas.</summary>
    public bool IsList { get; init; }

    /// <summary>Reads the value as one would write it.</summary>
    public required Func<TOptions, string> Read { get; init; }

    /// <summary>Writes a text; <see langword="false"/> when it is not of the type.</summary>
    public required Func<TOptions, string, bool> TryWrite { get; init; }

    /// <summary>Says whether the value is in its range.</summary>
    public required Func<TOptions, bool> IsValid { get; init; }

    /// <summary>Says what is wrong with a value that is out of its range.</summary>
    public string ExplainRange(string prefix, TOptions options) =>
        $"{prefix}{Key} is {OptionRule.Quote(Read(options), Type)}; it must be {Range}. {Remedy}";

    /// <summary>Says what is wrong with a text that is not of the type.</summary>
    public string ExplainText(string prefix, string text) =>
        $"{prefix}{Key} is {OptionRule.Quote(text, null)}; it must be {Noun}{Range}. {Remedy}";

    /// <summary>The same rule on options that hold these as a part.</summary>
    /// <param name="keyPrefix">What goes before the key, e.g. <c>Queue:</c>.</param>
    /// <param name="part">Finds the part.</param>
    public OptionRule<TWhole> Within<TWhole>(string keyPrefix, Func<TWhole, TOptions> part) => new()
    {
        Key = keyPrefix + Key,
        Type = Type,
        Noun = Noun,
        Default = Default,
        Range = Range,
        Remedy = Remedy,
        AtStartOnly = AtStartOnly,
        IsList = IsList,
        Read = whole => Read(part(whole)),
        TryWrite = (whole, text) => TryWrite(part(whole), text),
        IsValid = whole => IsValid(part(whole)),
    };
}

/// <summary>Makes rules of each type of setting.</summary>
internal static class OptionRule
{
    private const int LongestQuote = 100;

    public static OptionRule<TOptions> Integer<TOptions>(
        string key, int defaultValue, int least, int greatest, Func<TOptions, int> get, Action<TOptions, int> set, bool orZero = false, bool atStartOnly = false) => new()
        {
            Key = key,
            Type = "integer",
            Noun = "a whole number, ",
            Default = Text(defaultValue),
            Range = $"{(orZero ? "0, or " : "")}from {Text(least)} to {Text(greatest)}",
            Remedy = UseDefault(Text(defaultValue)),
            AtStartOnly = atStartOnly,
            Read = options => Text(get(options)),
            TryWrite = (options, text) => Set(int.TryParse(text, NumberStyles.Integer, CultureInfo.InvariantCulture, out var value), options, set, value),
            IsValid = options => (get(options) >= least && get(options) <= greatest) || (orZero && get(options) == 0),
        };

    public static OptionRule<TOptions> Integer<TOptions>(
        string key, long defaultValue, long least, long greatest, Func<TOptions, long> get, Action<TOptions, long> set, bool orZero = false) => new()
        {
            Key = key,
            Type = "integer",
            Noun = "a whole number, ",
            Default = Text(defaultValue),
            Range = $"{(orZero ? "0, or " : "")}from {Text(least)} to {Text(greatest)}",
            Remedy = UseDefault(Text(defaultValue)),
            Read = options => Text(get(options)),
            TryWrite = (options, text) => Set(long.TryParse(text, NumberStyles.Integer, CultureInfo.InvariantCulture, out var value), options, set, value),
            IsValid = options => (get(options) >= least && get(options) <= greatest) || (orZero && get(options) == 0),
        };

    public static OptionRule<TOptions> Fraction<TOptions>(string key, double defaultValue, Func<TOptions, double> get, Action<TOptions, double> set) => new()
    {
        Key = key,
        Type = "number",
        Noun = "a number such as 0.5, ",
        Default = Text(defaultValue),
        Range = "from 0 to 1",
        Remedy = UseDefault(Text(defaultValue)),
        Read = options => Text(get(options)),
        TryWrite = (options, text) => Set(double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value), options, set, value),
        IsValid = options => get(options) is >= 0 and <= 1,
    };

    public static OptionRule<TOptions> Duration<TOptions>(
        string key, TimeSpan defaultValue, TimeSpan least, TimeSpan greatest, Func<TOptions, TimeSpan> get, Action<TOptions, TimeSpan> set, bool atStartOnly = false) => new()
        {
            Key = key,
            Type = "time",
            Noun = "a time written as hh:mm:ss, ",
            Default = Text(defaultValue),
            Range = $"from {Text(least)} to {Text(greatest)}",
            Remedy = UseDefault(Text(defaultValue)),
            AtStartOnly = atStartOnly,
            Read = options => Text(get(options)),
            TryWrite = (options, text) => Set(TryParse(text, out var value), options, set, value),
            IsValid = options => get(options) >= least && get(options) <= greatest,
        };

    public static OptionRule<TOptions> Switch<TOptions>(
        string key, bool defaultValue, Func<TOptions, bool> get, Action<TOptions, bool> set, bool atStartOnly = false) => new()
        {
            Key = key,
            Type = "boolean",
            Default = Text(defaultValue),
            Range = "true or false",
            Remedy = UseDefault(Text(defaultValue)),
            AtStartOnly = atStartOnly,
            Read = options => Text(get(options)),
            TryWrite = (options, text) => Set(bool.TryParse(text, out var value), options, set, value),
            IsValid = static _ => true,
        };

    public static OptionRule<TOptions> Choice<TOptions, TEnum>(string key, TEnum defaultValue, Func<TOptions, TEnum> get, Action<TOptions, TEnum> set, bool atStartOnly = false)
        where TEnum : struct, Enum => new()
        {
            Key = key,
            Type = "name",
            Default = defaultValue.ToString(),
            Range = "one of " + string.Join(", ", Enum.GetNames<TEnum>()),
            Remedy = UseDefault(defaultValue.ToString()),
            AtStartOnly = atStartOnly,
            Read = options => get(options).ToString(),
            // One name only: a number would pass Enum.TryParse and say nothing to the next reader, and so would a list, as if the values were flags.
            TryWrite = (options, text) => Set(Enum.TryParse<TEnum>(text, ignoreCase: true, out var value) && char.IsLetter(text.Trim()[0]) && !text.Contains(',', StringComparison.Ordinal) && Enum.IsDefined(value), options, set, value),
            IsValid = options => Enum.IsDefined(get(options)),
        };

    public static OptionRule<TOptions> Words<TOptions>(
        string key, string defaultValue, string range, Predicate<string> isValid, Func<TOptions, string> get, Action<TOptions, string> set, bool atStartOnly = false) => new()
        {
            Key = key,
            Type = "text",
            Default = defaultValue,
            Range = range,
            Remedy = UseDefault(defaultValue),
            AtStartOnly = atStartOnly,
            Read = options => get(options) ?? "null",
            TryWrite = (options, text) => Set(true, options, set, text),
            IsValid = options => get(options) is { } text && isValid(text),
        };

    public static OptionRule<TOptions> List<TOptions>(
        string key, string defaultText, string range, Predicate<string> isValid, Func<TOptions, IList<string>> get, Action<TOptions, IList<string>> set) => new()
        {
            Key = key,
            Type = "list",
            Default = defaultText,
            Range = range,
            Remedy = $"Leave it out for the default, {defaultText}.",
            IsList = true,
            Read = options => get(options) is { } list ? string.Join(", ", list) : "null",
            TryWrite = (options, text) => Set<TOptions, IList<string>>(
                true, options, set, [.. text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)]),
            IsValid = options => get(options) is { } list && list.All(item => item is not null && isValid(item)),
        };

    /// <summary>A value for a message: texts in quotes, without control characters (they forge log lines), cut at a length that stays readable.</summary>
    public static string Quote(string value, string? type)
    {
        if (type is "integer" or "number" or "time" or "boolean" or "name" || string.Equals(value, "null", StringComparison.Ordinal))
        {
            return value;
        }

        var cut = value.Length > LongestQuote ? string.Concat(value.AsSpan(0, LongestQuote), "…") : value;
        return $"'{string.Concat(cut.Select(static c => char.IsControl(c) ? '?' : c))}'";
    }

    public static string Text(TimeSpan value)
    {
        var text = value.ToString("c", CultureInfo.InvariantCulture);
        return text.Contains('.', StringComparison.Ordinal) && text.LastIndexOf('.') > text.IndexOf(':', StringComparison.Ordinal) ? text.TrimEnd('0') : text;
    }

    private static string Text(long value) => value.ToString(CultureInfo.InvariantCulture);

    private static string Text(double value) => value.ToString(CultureInfo.InvariantCulture);

    private static string Text(bool value) => value ? "true" : "false";

    private static string UseDefault(string text) => $"Set it to {text}, the default.";

    // "5" is five days to TimeSpan.Parse, which is never what its writer meant: the colons are required, except for zero.
    private static bool TryParse(string text, out TimeSpan value) =>
        TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out value) && (text.Contains(':', StringComparison.Ordinal) || value == TimeSpan.Zero);

    private static bool Set<TOptions, TValue>(bool parsed, TOptions options, Action<TOptions, TValue> set, TValue value)
    {
        if (parsed)
        {
            set(options, value);
        }

        return parsed;
    }
}
