using System.Globalization;
using System.Text;
using Npgsql;
using Runtime.Hosting;

namespace Runtime.Jobs.PostgreSql;

/// <summary>Makes a condition of a filter. Every value becomes a parameter.</summary>
internal static class PostgreSqlFilter
{
    /// <summary>The table in which such jobs are: those that are over are many, and need not be read for those that are not.</summary>
    public static string SourceOf(JobFilter filter) =>
        filter.States.Count == 0 ? "{s}.all_jobs" : filter.States.All(IsOver) ? "{s}.history" : filter.States.Any(IsOver) ? "{s}.all_jobs" : "{s}.jobs";

    public static (string Where, List<NpgsqlParameter> Values) Of(JobFilter filter)
    {
        var where = new List<string>();
        var values = new List<NpgsqlParameter>();
        Add(filter.Name is { } name ? PgValue.Text(name) : null, static parameter => $"j.name = {parameter}");
        Add(filter.Queue is { } queue ? PgValue.Text(queue) : null, static parameter => $"j.queue = {parameter}");
        Add(filter.Schedule is { } schedule ? PgValue.Text(schedule) : null, static parameter => $"j.schedule = {parameter}");
        Add(filter.Batch is { } batch ? PgValue.Id(batch) : null, static parameter => $"j.batch = {parameter}");
        Add(filter.Tag is { } tag ? PgValue.Text(tag) : null, static parameter => $"{parameter} = ANY(j.tags)");
        Add(filter.Text is { } text ? PgValue.Bytes(Encoding.UTF8.GetBytes(text)) : null, static parameter => $"position({parameter} IN j.args) > 0");
        Add(filter.Ids.Count > 0 ? PgValue.Ids(filter.Ids) : null, static parameter => $"j.id = ANY({parameter})");
        if (filter.States.Count > 0)
        {
            // Not a parameter: an index of some states is used where they can be seen.
            where.Add($"j.state IN ({string.Join(", ", filter.States.Distinct().Order().Select(static state => ((int)state).ToString(CultureInfo.InvariantCulture)))})");
        }

        return (where.Count == 0 ? "true" : string.Join(" AND ", where), values);

        void Add(NpgsqlParameter? value, Func<string, string> condition)
        {
            if (value is not null)
            {
                values.Add(value);
                where.Add(condition("$" + values.Count.ToString(CultureInfo.InvariantCulture)));
            }
        }
    }

    private static bool IsOver(JobState state) => state is JobState.Succeeded or JobState.Failed or JobState.Cancelled;
}
