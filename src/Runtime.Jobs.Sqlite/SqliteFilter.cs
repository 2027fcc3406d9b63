using System.Globalization;
using System.Text;
using Runtime.Hosting;

namespace Runtime.Jobs.Sqlite;

/// <summary>Makes a condition of a filter. Every value becomes a parameter.</summary>
internal static class SqliteFilter
{
    public static (string Where, List<object?> Values) Of(JobFilter filter)
    {
        var where = new List<string>();
        var values = new List<object?>();
        Add(filter.Name, static parameter => $"name = {parameter}");
        Add(filter.Queue, static parameter => $"queue = {parameter}");
        Add(filter.Schedule, static parameter => $"schedule = {parameter}");
        Add(filter.Tag is { } tag ? $"\n{tag}\n" : null, static parameter => $"instr(tags, {parameter}) > 0");
        Add(filter.Text is { } text ? Encoding.UTF8.GetBytes(text) : null, static parameter => $"instr(args, {parameter}) > 0");
        AddList(filter.Ids.Select(static id => (object)id.ToByteArray(bigEndian: true)), "id");
        AddList(filter.States.Distinct().Select(static state => (object)(int)state), "state");
        return (where.Count == 0 ? "1" : string.Join(" AND ", where), values);

        void Add(object? value, Func<string, string> condition)
        {
            if (value is not null)
            {
                values.Add(value);
                where.Add(condition(Parameter(values.Count)));
            }
        }

        void AddList(IEnumerable<object> list, string column)
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

    private static string Parameter(int number) => "$" + number.ToString(CultureInfo.InvariantCulture);
}
