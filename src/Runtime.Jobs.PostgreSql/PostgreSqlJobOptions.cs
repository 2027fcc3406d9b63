namespace Runtime.Hosting;

/// <summary>How durable jobs are kept in PostgreSQL.</summary>
public sealed class PostgreSqlJobOptions
{
    /// <summary>Gets or sets the schema that holds the tables.</summary>
    /// <value>Default <c>async_runtime</c>. 1 to 40 of the characters a-z, 0-9 and _, not beginning with a digit. Several applications in one database take one each.</value>
    public string Schema { get; set; } = "async_runtime";

    /// <summary>Gets or sets whether the start makes the tables and brings them up to date.</summary>
    /// <value>Default <see langword="true"/>. With <see langword="false"/> somebody runs <see cref="PostgreSqlJobSchema.Script"/>, and the process needs no right to create anything.</value>
    public bool Migrate { get; set; } = true;

    /// <summary>Gets or sets how long a process that does not answer keeps its jobs.</summary>
    /// <value>
    /// Default 10 seconds. From 1 second to 10 minutes. Renewed each third of it; others take over within that third after it has passed. A process that cannot reach the database for
    /// nine tenths of it cancels what it runs, since others may run it by then.
    /// </value>
    public TimeSpan NodeLease { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Gets or sets whether processes tell each other of new jobs and ends by <c>NOTIFY</c>.</summary>
    /// <value>Default <see langword="true"/>. Where it does not work (PgBouncer in transaction mode), or with <see langword="false"/>, they look instead, at most every <see cref="MaxPollInterval"/>.</value>
    public bool UseNotifications { get; set; } = true;

    /// <summary>Gets or sets how often an idle process looks for jobs at least, when nobody tells it.</summary>
    /// <value>Default 1.5 seconds. From 50 milliseconds to 1 minute. A busy process looks from every 50 milliseconds on; where notifications work an idle one looks four times more rarely.</value>
    public TimeSpan MaxPollInterval { get; set; } = TimeSpan.FromSeconds(1.5);

    /// <summary>Gets or sets the numbers of databases that new jobs do not go to, where there are several: one that is about to be added or taken away. What is in it runs.</summary>
    /// <value>Default: none. From 0 to the number of connection strings less one; one of them at least takes new jobs.</value>
    public IReadOnlyCollection<int> ClosedCells { get; set; } = [];

    /// <summary>Gets or sets what names the database of a <see cref="JobOptions.ShardBy"/>, by its number, e.g. where you keep a directory of tenants. It is called for each enqueue, from any thread, and must always say the same.</summary>
    /// <value>Default <see langword="null"/>: by a hash of the value. So does the answer <see langword="null"/>.</value>
    public Func<string, int?>? CellOf { get; set; }

    internal void Check()
    {
        Require(Schema is { Length: >= 1 and <= 40 } && !char.IsAsciiDigit(Schema[0]) && Schema.All(static c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '_'), nameof(Schema), Schema, "1 to 40 of the characters a-z 0-9 _, and must not begin with a digit");
        Require(NodeLease >= TimeSpan.FromSeconds(1) && NodeLease <= TimeSpan.FromMinutes(10), nameof(NodeLease), NodeLease, "from 00:00:01 to 00:10:00");
        Require(MaxPollInterval >= TimeSpan.FromMilliseconds(50) && MaxPollInterval <= TimeSpan.FromMinutes(1), nameof(MaxPollInterval), MaxPollInterval, "from 00:00:00.050 to 00:01:00");
    }

    private static void Require(bool isMet, string name, object? value, string rule)
    {
        if (!isMet)
        {
            throw new ArgumentException($"{nameof(PostgreSqlJobOptions)}.{name} is '{value}'; it must be {rule}.", name);
        }
    }
}
