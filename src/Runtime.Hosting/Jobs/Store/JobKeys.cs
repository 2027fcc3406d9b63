namespace Runtime.Hosting.Jobs;

/// <summary>Keys that hold among the jobs of one <see cref="JobOptions.ShardBy"/>. The same in every store.</summary>
public static class JobKeys
{
    // "Unit separator": no key and no value has control characters, so two pairs never give the same text.
    private const char Separator = '\u001F';

    /// <summary>Makes the key as stores keep it: of two jobs with one key and different values of ShardBy neither counts for the other, whether or not there are cells and where they are.</summary>
    /// <param name="shardBy">The value; <see langword="null"/>: none.</param>
    /// <param name="key">The key; <see langword="null"/>: none.</param>
    /// <returns>The key to store.</returns>
    public static string? Within(string? shardBy, string? key) => shardBy is null || key is null ? key : $"{shardBy}{Separator}{key}";

    /// <summary>Reads the key as its user gave it, for people.</summary>
    /// <param name="key">The stored key.</param>
    /// <returns>The key.</returns>
    public static string? Shown(string? key) => key?.IndexOf(Separator, StringComparison.Ordinal) is { } at and >= 0 ? key[(at + 1)..] : key;
}
