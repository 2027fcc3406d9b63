namespace Runtime.Jobs.PostgreSql;

/// <summary>The ends of time as far as this store is concerned.</summary>
internal static class JobTimes
{
    /// <summary>Before any job.</summary>
    public static readonly DateTimeOffset Never = DateTimeOffset.UnixEpoch;

    /// <summary>The last millisecond of the year 9999 since 1970.</summary>
    public const long LastMillisecond = 253_402_300_799_999;
}
