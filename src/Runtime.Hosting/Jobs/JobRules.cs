using System.Globalization;
using System.Text;
using Runtime.Hosting.Jobs;

namespace Runtime.Hosting;

/// <summary>What a job, its options and a filter may be. Every message names the value, the rule and the remedy.</summary>
internal static class JobRules
{
    public const string DefaultQueue = "default";

    /// <summary>The name of jobs that only mark the end of a batch. No class can have it.</summary>
    public const string BatchName = ReservedNames + "batch";

    public const string ReservedNames = "runtime:";
    public const int LongestName = 100;
    public const int LongestKey = 200;
    public const int MostTags = 20;
    public const int MostAttempts = 1000;
    public const int MostJobsAtOnce = 100_000;
    public const int MostIds = 1000;
    public const int LargestPage = 500;
    public const int LongestText = 256;
    public const int MostStarts = 1_000_000;

    // Longer than any plan, and far enough from the end of the calendar that sums of times cannot leave it.
    public static readonly TimeSpan LongestDelay = TimeSpan.FromDays(10_000);

    // What a timer of the runtime can wait for in one go.
    public static readonly TimeSpan LongestTimeout = TimeSpan.FromDays(24);

    // Shorter ones say nothing that the time between two claims does not say; longer ones are no rate.
    public static readonly TimeSpan ShortestRatePeriod = TimeSpan.FromMilliseconds(10);
    public static readonly TimeSpan LongestRatePeriod = TimeSpan.FromDays(31);

    public static bool IsRatePeriod(TimeSpan period) => period >= ShortestRatePeriod && period <= LongestRatePeriod;

    public static TimeSpan CheckDelay(TimeSpan delay, string name) => delay >= TimeSpan.Zero && delay <= LongestDelay
        ? delay
        : throw new ArgumentOutOfRangeException(name, delay, $"{name} is {Text(delay)}; it must be from 0 to {Text(LongestDelay)}. Use zero for 'at once'.");

    public static void Check(JobOptions options)
    {
        if (options.Queue is not null)
        {
            CheckWord(options.Queue, LongestName, nameof(JobOptions.Queue));
        }

        Require(Enum.IsDefined(options.Priority), nameof(options.Priority), options.Priority, "one of the names of TaskPriority");
        Require(options.Deadline is null || InRange(options.Deadline.Value), nameof(options.Deadline), options.Deadline, $"from 0 to {Text(LongestDelay)}");
        Require(options.Timeout is null || (options.Timeout > TimeSpan.Zero && options.Timeout <= LongestTimeout), nameof(options.Timeout), options.Timeout, $"more than 0, at most {Text(LongestTimeout)}");
        Require(options.Delay is null || InRange(options.Delay.Value), nameof(options.Delay), options.Delay, $"from 0 to {Text(LongestDelay)}");
        Require(options.Delay is null || options.RunAt is null, nameof(options.RunAt), options.RunAt, "left out when Delay is given");
        Require(options.RunAt is null || options.RunAt.Value.Year < 9000, nameof(options.RunAt), options.RunAt, "before the year 9000");
        Require(options.MaxAttempts is >= 0 and <= MostAttempts, nameof(options.MaxAttempts), options.MaxAttempts, "from 0 (as configured) to 1000");
        Require(options.RetryDelay is null || (options.RetryDelay > TimeSpan.Zero && options.RetryDelay <= LongestDelay), nameof(options.RetryDelay), options.RetryDelay, $"more than 0, at most {Text(LongestDelay)}");
        Require(options.ConcurrencyLimit is >= 1 and <= 1_000_000, nameof(options.ConcurrencyLimit), options.ConcurrencyLimit, "from 1 to 1000000");
        Require(options.RateLimit is >= 1 and <= MostStarts, nameof(options.RateLimit), options.RateLimit, "from 1 to 1000000");
        Require(IsRatePeriod(options.RatePeriod), nameof(options.RatePeriod), options.RatePeriod, $"from {Text(ShortestRatePeriod)} to {Text(LongestRatePeriod)}");
        Require(Enum.IsDefined(options.Uniqueness), nameof(options.Uniqueness), options.Uniqueness, "one of the names of JobUniqueness");
        Require(options.UniquePeriod > TimeSpan.Zero && options.UniquePeriod <= LongestDelay, nameof(options.UniquePeriod), options.UniquePeriod, $"more than 0, at most {Text(LongestDelay)}");
        Require(options.After != Guid.Empty, nameof(options.After), options.After, "the id of a job, or null");
        Require(Enum.IsDefined(options.On), nameof(options.On), options.On, "one of the names of JobContinuation");
        CheckKey(options.UniqueKey, nameof(options.UniqueKey));
        CheckKey(options.ConcurrencyKey, nameof(options.ConcurrencyKey));
        CheckKey(options.RateKey, nameof(options.RateKey));
        CheckKey(options.ShardBy, nameof(options.ShardBy));
        Require(options.Tags is { Count: <= MostTags }, nameof(options.Tags), options.Tags?.Count, $"a list of at most {Text(MostTags)} words");
        foreach (var tag in options.Tags!)
        {
            CheckWord(tag, LongestName, nameof(options.Tags));
        }
    }

    public static void Check(JobFilter filter, IReadOnlyList<JobCell>? cells)
    {
        ArgumentNullException.ThrowIfNull(filter);
        Require(filter.PageSize is >= 1 and <= LargestPage, nameof(filter.PageSize), filter.PageSize, $"from 1 to {Text(LargestPage)}");
        Require(filter.Ids is { Count: <= MostIds }, nameof(filter.Ids), filter.Ids?.Count, $"a list of at most {Text(MostIds)} ids");
        Require(filter.States is not null && filter.States.All(Enum.IsDefined), nameof(filter.States), "something else", "names of JobState");
        Require(filter.Text is null or { Length: <= LongestText and > 0 }, nameof(filter.Text), filter.Text?.Length, $"1 to {Text(LongestText)} characters long");
        Require(filter.From is null || IsPlace(filter.From, cells), nameof(filter.From), filter.From, "what the page before gave as Next");
    }

    public static void CheckKey(string? key, string name) =>
        Require(key is null || (key.Length is >= 1 and <= LongestKey && IsPrintable(key)), name, Shown(key), $"1 to {Text(LongestKey)} printable characters");

    /// <summary>Checks a name: of a job in an attribute, of a recurring job.</summary>
    public static string? ProblemOfName(string? name) => name is { Length: >= 1 and <= LongestName } && name.All(static c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-' or ':')
        ? null
        : $"'{Shown(name)}' is not a name; it must be 1 to {Text(LongestName)} of the characters a-z A-Z 0-9 . _ - :.";

    public static void CheckWord(string? word, int longest, string name) =>
        Require(word is { Length: > 0 } && word.Length <= longest && IsPrintable(word), name, Shown(word), $"1 to {Text(longest)} printable characters");

    /// <summary>A text that somebody else gave, short and on one line.</summary>
    public static string Shown(string? text) => Queues.Printable.Text(text is null ? null : string.Concat((text.Length > 100 ? text[..100] + "…" : text).EnumerateRunes())) ?? "null";

    // Half of a surrogate pair is no character: stores would keep another one in its place, and two keys could become one.
    private static bool IsPrintable(string text) => !text.Any(char.IsControl) && !text.EnumerateRunes().Any(static rune => rune == Rune.ReplacementChar);

    private static bool IsPlace(string from, IReadOnlyList<JobCell>? cells) => cells is null ? long.TryParse(from, NumberStyles.None, CultureInfo.InvariantCulture, out _) : CellCursor.IsValid(from, cells.Count);

    private static bool InRange(TimeSpan delay) => delay >= TimeSpan.Zero && delay <= LongestDelay;

    private static void Require(bool holds, string name, object? value, string rule)
    {
        if (!holds)
        {
            throw new ArgumentException($"{name} is {(value is null ? "null" : string.Create(CultureInfo.InvariantCulture, $"{value}"))}; it must be {rule}.", name);
        }
    }

    private static string Text(TimeSpan time) => time.ToString("c", CultureInfo.InvariantCulture);

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
