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

    // Under the wrong number jobs would be looked for, and stored, in the wrong database; and one that is listed twice would be two.
    internal static async Task CheckCellAsync(Database database, int? cell, CancellationToken cancellationToken)
    {
        if (cell is not { } number)
        {
            return;
        }

        var known = await database.TransactAsync(
            async session =>
            {
                await session.RunAsync("INSERT INTO {s}.meta (key, value) VALUES ('cell', $1) ON CONFLICT (key) DO NOTHING", [PgValue.Number(number)]);
                return await session.ScalarAsync<long>("SELECT value FROM {s}.meta WHERE key = 'cell'", []);
            },
            cancellationToken);
        if (known != number)
        {
            throw new JobStoreException(
                $"The job store in schema '{database.Schema}' of the database '{database.Name}' on '{database.Host}' is cell {known}, and is listed as cell {number}. The place in the list is the number: put the connection strings into the order that they had, append new ones, and leave an empty one for a database that is gone.", isTransient: false);
        }
    }

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
