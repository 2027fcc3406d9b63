using System.Globalization;
using Runtime.Hosting;

namespace Runtime.Jobs.PostgreSql;

/// <summary>The parts of the history: one for each day, made ahead and dropped whole.</summary>
/// <remarks>
/// A job that ends on a day without a part goes to the part for everything else and loses nothing by it. So the making of parts may fail, or lose a race with another node, and is simply done again.
/// </remarks>
internal static class HistoryDays
{
    private const int DaysAhead = 2;
    private const string Prefix = "history_";

    /// <summary>Makes the parts of today and the next days.</summary>
    public static async Task PrepareAsync(Database database, CancellationToken cancellationToken)
    {
        var missing = await database.RunAsync(
            session => session.QueryAsync(
                """
                SELECT to_char(d, 'YYYYMMDD') FROM generate_series(date_trunc('day', now() AT TIME ZONE 'UTC'), date_trunc('day', now() AT TIME ZONE 'UTC') + $1, interval '1 day') AS d
                WHERE to_regclass('{s}.history_' || to_char(d, 'YYYYMMDD')) IS NULL
                """,
                static reader => reader.GetString(0),
                [PgValue.Span(TimeSpan.FromDays(DaysAhead))]),
            cancellationToken);
        foreach (var day in missing)
        {
            await TryAsync(database, CreateSql(day), cancellationToken);
        }
    }

    /// <summary>Drops the parts whose last moment is before a time.</summary>
    public static async Task DropAsync(Database database, DateTimeOffset before, CancellationToken cancellationToken)
    {
        var parts = await database.RunAsync(
            session => session.QueryAsync(
                "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = to_regclass('{s}.history') ORDER BY 1", static reader => reader.GetString(0), []),
            cancellationToken);
        foreach (var part in parts)
        {
            if (DateTimeOffset.TryParseExact(part.AsSpan(Prefix.Length), "yyyyMMdd", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var day) && day.AddDays(1) <= before)
            {
                await TryAsync(database, $"DROP TABLE IF EXISTS {{s}}.{part}", cancellationToken);
            }
        }
    }

    private static string CreateSql(string day)
    {
        var from = DateTimeOffset.ParseExact(day, "yyyyMMdd", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);
        return string.Create(
            CultureInfo.InvariantCulture, $"CREATE TABLE IF NOT EXISTS {{s}}.{Prefix}{day} PARTITION OF {{s}}.history FOR VALUES FROM ('{from:yyyy-MM-dd}Z') TO ('{from.AddDays(1):yyyy-MM-dd}Z')");
    }

    // Both need the history for a moment to themselves: not at the price of those who wait behind.
    private static async Task TryAsync(Database database, string sql, CancellationToken cancellationToken)
    {
        try
        {
            await database.TransactAsync(
                async session =>
                {
                    await session.RunAsync("SET LOCAL lock_timeout = '300ms'", []);
                    return await session.RunAsync(sql, []);
                },
                cancellationToken);
        }
        catch (JobStoreException exception) when (exception.InnerException is Npgsql.PostgresException)
        {
            // The next time; see the remarks.
        }
    }
}
