using Npgsql;
using Runtime.Hosting;

namespace Runtime.Jobs.PostgreSql;

/// <summary>What an error of the database means to those who run the program.</summary>
internal static class PostgreSqlErrors
{
    /// <summary>Two transactions stood in each other's way, and this one was chosen to be undone.</summary>
    public static bool IsLostRace(PostgresException exception) => exception.SqlState is PostgresErrorCodes.DeadlockDetected or PostgresErrorCodes.SerializationFailure;

    public static JobStoreException Explain(Exception exception, string? host, string? database)
    {
        var (remedy, isTransient) = Remedy(exception);
        var said = exception is PostgresException postgres ? $"{postgres.MessageText} ({postgres.SqlState})" : exception.InnerException?.Message ?? exception.Message;
        return new JobStoreException($"The job store in database '{database}' on '{host}' could not do this: {said.TrimEnd('.')}. {remedy}", exception, isTransient);
    }

    private static (string Remedy, bool IsTransient) Remedy(Exception exception) => (exception as PostgresException)?.SqlState switch
    {
        null when exception is TimeoutException || exception.InnerException is TimeoutException => ("It did not answer in time: look at the server's load and locks. It is tried again.", true),
        null => ("The server cannot be reached, or went away: see that it runs and that the connection string names it. It goes on by itself; whether the last statement happened is not known.", true),
        PostgresErrorCodes.DiskFull => ("The server's disk is full: make room; nothing that was acknowledged is lost, and it goes on by itself.", true),
        PostgresErrorCodes.ReadOnlySqlTransaction => ("The server is read-only, a standby perhaps: connect to the primary (Target Session Attributes=primary).", true),
        PostgresErrorCodes.TooManyConnections => ("The server has no connections left: raise its max_connections, or lower the Maximum Pool Size of the programs that use it. Nothing of it has happened.", true),
        PostgresErrorCodes.AdminShutdown or PostgresErrorCodes.CrashShutdown or PostgresErrorCodes.CannotConnectNow => ("The server is stopping or starting. It goes on by itself.", true),
        PostgresErrorCodes.InvalidPassword or PostgresErrorCodes.InvalidAuthorizationSpecification => ("Check Username and Password of the connection string.", false),
        PostgresErrorCodes.InvalidCatalogName => ("Create the database, or name another one in the connection string.", false),
        PostgresErrorCodes.InsufficientPrivilege => ($"Grant the right, or have somebody run the script of {nameof(PostgreSqlJobSchema)}.{nameof(PostgreSqlJobSchema.Script)} and turn {nameof(PostgreSqlJobOptions.Migrate)} off.", false),
        PostgresErrorCodes.UndefinedTable or PostgresErrorCodes.InvalidSchemaName => ("The tables are not there: start once with Migrate on, or run the script.", false),
        _ => ("Nothing of it has happened.", true),
    };
}
