using System.Globalization;

namespace Runtime.Benchmarks.Harness;

/// <summary>The options of one run: those given, and the defaults of the others.</summary>
internal sealed class Arguments
{
    private readonly Dictionary<string, string> _values;

    private Arguments(Dictionary<string, string> values) => _values = values;

    /// <exception cref="ArgumentException">An option is unknown or has no value.</exception>
    public static Arguments Parse(ReadOnlySpan<string> words, IReadOnlyList<Option> known)
    {
        var values = known.ToDictionary(o => o.Name, o => o.Default, StringComparer.Ordinal);
        for (var i = 0; i < words.Length; i++)
        {
            var name = words[i].TrimStart('-');
            if (!values.ContainsKey(name))
            {
                throw new ArgumentException($"Unknown option '{words[i]}'. Known: {string.Join(", ", values.Keys.Select(k => "--" + k))}.", nameof(words));
            }

            if (known.First(o => o.Name == name).IsFlag)
            {
                values[name] = bool.TrueString;
                continue;
            }

            if (i + 1 == words.Length)
            {
                throw new ArgumentException($"Option '{words[i]}' needs a value after it.", nameof(words));
            }

            values[name] = words[++i];
        }

        return new Arguments(values);
    }

    public bool Has(string name) => _values.ContainsKey(name);

    public string Text(string name) => _values[name];

    public bool Flag(string name) => bool.Parse(_values[name]);

    public int Integer(string name) => int.Parse(_values[name], NumberStyles.Integer | NumberStyles.AllowThousands, CultureInfo.InvariantCulture);

    /// <summary>Keeps what <c>--only</c> lists and <c>--skip</c> does not; a name matches by its beginning, and empty means all.</summary>
    public List<T> Choose<T>(IEnumerable<T> all, Func<T, string> nameOf)
    {
        string[] only = Words("only");
        string[] skip = Words("skip");
        return [.. all.Where(x => (only.Length == 0 || Matches(only, nameOf(x))) && !Matches(skip, nameOf(x)))];
    }

    private static bool Matches(string[] prefixes, string name) => Array.Exists(prefixes, p => name.StartsWith(p, StringComparison.Ordinal));

    private string[] Words(string name) => _values[name].Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
}
