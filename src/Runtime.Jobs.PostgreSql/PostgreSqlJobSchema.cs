using Runtime.Jobs.PostgreSql;

namespace Runtime.Hosting;

/// <summary>The tables of durable jobs in PostgreSQL.</summary>
public static class PostgreSqlJobSchema
{
    /// <summary>The newest version that this code knows.</summary>
    public const int Version = 3;

    /// <summary>Gets the script that makes the tables in an empty database, or brings older ones up to date, for those who do not let the program do it.</summary>
    /// <param name="schema">The schema's name, as in <see cref="PostgreSqlJobOptions.Schema"/>.</param>
    /// <param name="from">The version that the tables have; 0: there are none. It stands in the table <c>meta</c>.</param>
    /// <returns>SQL, to be run once, in one transaction.</returns>
    /// <exception cref="ArgumentException">It cannot be the name of a schema.</exception>
    /// <exception cref="ArgumentOutOfRangeException">There is no such version, or nothing is newer.</exception>
    public static string Script(string schema = "async_runtime", int from = 0)
    {
        new PostgreSqlJobOptions { Schema = schema }.Check();
        return from is >= 0 and < Version
            ? string.Join('\n', Enumerable.Range(from + 1, Version - from).Select(step => Step(step, schema)))
            : throw new ArgumentOutOfRangeException(nameof(from), from, $"{nameof(from)} is {from}; it must be from 0 (no tables) to {Version - 1}. Tables of version {Version} need no script.");
    }

    // Two processes that start at once take turns; a lock of the transaction, since a pooler may give the next statement another connection.
    internal static async Task PrepareAsync(Database database, bool migrate, CancellationToken cancellationToken) => await database.TransactAsync(
        async session =>
        {
            await session.RunAsync("SELECT pg_advisory_xact_lock(hashtext('{s}.meta'))", []);
            if (await session.ScalarAsync<bool>("SELECT to_regclass('{s}.meta') IS NULL", []))
            {
                await MigrateAsync(session, database.Schema, 0, migrate);
                return true;
            }

            var version = await session.ScalarAsync<long>("SELECT value FROM {s}.meta WHERE key = 'version'", []);
            var oldest = await session.ScalarAsync<long>("SELECT value FROM {s}.meta WHERE key = 'compatible_from'", []);
            if (oldest > Version)
            {
                throw new JobStoreException(
                    $"The job store in schema '{database.Schema}' has version {version} of the tables, which programs of version {oldest} and later may use; this one is {Version}. Run the newer program, or use another schema.", isTransient: false);
            }

            if (version < Version)
            {
                await MigrateAsync(session, database.Schema, (int)version, migrate);
            }

            return true;
        },
        cancellationToken);

    private static async Task MigrateAsync(Session session, string schema, int from, bool isAllowed)
    {
        if (!isAllowed)
        {
            throw new JobStoreException(
                $"The job store in schema '{schema}' has version {from} of the tables, this program needs {Version}, and {nameof(PostgreSqlJobOptions.Migrate)} is off. Run the script of {nameof(PostgreSqlJobSchema)}.{nameof(Script)}, or turn it on.", isTransient: false);
        }

        for (var step = from + 1; step <= Version; step++)
        {
            await session.ScriptAsync(Step(step, schema));
        }
    }

    private static string Step(int number, string schema)
    {
        using var stream = typeof(PostgreSqlJobSchema).Assembly.GetManifestResourceStream($"{number:000}.sql")!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd().Replace("{schema}", schema, StringComparison.Ordinal);
    }
}
