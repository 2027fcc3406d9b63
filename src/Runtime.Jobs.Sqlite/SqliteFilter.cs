using System.Globalization;
using System.Text;
using Runtime.Hosting;

namespace Runtime.Jobs.Sqlite;

/// <summary>Makes a condition of a filter. Every value becomes a parameter.</summary>
internal static class SqliteFilter
{
    /// <summary>One condition for each state of the filter, or one that all jobs meet. Each says what the index of such jobs says, word for word, since SQLite takes a partial index for nothing less.</summary>
    /// <remarks>For those that succeeded there is no index: they are the most, and the last of them are found soonest in the order of arrival.</remarks>
    public static IReadOnlyList<string> StatesOf(JobFilter filter) => filter.States.Count == 0
        ? ["1"]
        : [.. filter.States.Distinct().Select(static state => string.Create(CultureInfo.InvariantCulture, $"state = {(int)state}{(state >= JobState.Failed ? " AND state >= 11" : "")}"))];

    /// <summary>Whether such a condition names the jobs of an index that is in another order than theirs.</summary>
    public static bool HasIndex(string state) => state is "state = 0" or "state = 1" or "state = 2" or "state = 3";

    /// <summary>The condition without the states.</summary>
    public static (string Where, List<SqliteValue> Values) WithoutStates(JobFilter filter) => Of(filter with { States = [] });

    public static (string Where, List<SqliteValue> Values) Of(JobFilter filter)
    {
        var where = new List<string>();
        var values = new List<SqliteValue>();
        Add(Text(filter.Name), static parameter => $"name = {parameter}");
        Add(Text(filter.Queue), static parameter => $"queue = {parameter}");
        Add(Text(filter.Schedule), static parameter => $"schedule = {parameter}");
        Add(filter.Batch is { } batch ? (SqliteValue)batch : (SqliteValue?)null, static parameter => $"batch = {parameter}");
        Add(Text(filter.Tag is { } tag ? $"\n{tag}\n" : null), static parameter => $"instr(tags, {parameter}) > 0");
        Add(filter.Text is { } text ? Encoding.UTF8.GetBytes(text) : (SqliteValue?)null, static parameter => $"instr(args, {parameter}) > 0");
        AddList(filter.Ids.Select(static id => (SqliteValue)id), "id");
        AddList(filter.States.Distinct().Select(static state => (SqliteValue)(int)state), "state");
        return (where.Count == 0 ? "1" : string.Join(" AND ", where), values);

        void Add(SqliteValue? value, Func<string, string> condition)
        {
            if (value is { } given)
            {
                values.Add(given);
                where.Add(condition(Parameter(values.Count)));
            }
        }

        void AddList(IEnumerable<SqliteValue> list, string column)
        {
            var names = new List<string>();
            foreach (var value in list)
            {
                values.Add(value);
                names.Add(Parameter(values.Count));
            }

            if (names.Count > 0)
            {
                where.Add($"{column} IN ({string.Join(", ", names)})");
            }
        }
    }

    private static SqliteValue? Text(string? text) => text is null ? (SqliteValue?)null : (SqliteValue)text;

    private static string Parameter(int number) => "?" + number.ToString(CultureInfo.InvariantCulture);
}
