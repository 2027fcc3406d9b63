using Quartz;

namespace Runtime.Hosting.Jobs;

/// <summary>A cron expression in a time zone: five fields as Unix has it, or six and seven as Quartz has it. The answers are those of Quartz.</summary>
/// <remarks>
/// Daylight saving, as Quartz and Vixie cron have it: a time that the spring change leaves out runs at the first moment after the gap; a fixed time that the autumn change brings twice runs
/// once, and an expression with intervals runs through both.
/// </remarks>
internal sealed class CronSchedule
{
    // A zone may leave out a day: it changes to the other side of the date line.
    private static readonly TimeSpan LongestGap = TimeSpan.FromDays(2);
    private static readonly TimeSpan AskAgainAfter = TimeSpan.FromMinutes(1);

    private readonly CronExpression _expression;

    private CronSchedule(CronExpression expression) => _expression = expression;

    /// <summary>Reads an expression.</summary>
    /// <exception cref="ArgumentException">It is not one, or it never has a next time.</exception>
    public static CronSchedule Parse(string text, TimeZoneInfo zone)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(text);
        var fields = text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Length;
        try
        {
            return new(CronExpression.Parse(text, fields == 5 ? CronFormat.Unix : CronFormat.Quartz).WithTimeZone(zone));
        }
        catch (Exception exception) when (exception is FormatException or ArgumentException)
        {
            throw new ArgumentException(
                $"The cron expression '{JobRules.Shown(text)}' cannot be read: {exception.Message} It must have 5 fields (minute hour day month weekday), or 6 to 7 as Quartz has them (second first, year last).", nameof(text), exception);
        }
    }

    /// <summary>Finds the first time after another.</summary>
    /// <remarks>
    /// Where a zone has its change at an unusual hour (Casablanca in April, Apia in December 2011) Quartz may answer with the very time that it was asked about. Who takes that for the next
    /// time fires for ever; so it is asked again from a minute later, and so on, until its answer is later.
    /// </remarks>
    public DateTimeOffset? NextAfter(DateTimeOffset time)
    {
        var next = Ask(time);
        for (var from = time; next <= time && from - time < LongestGap; next = Ask(from))
        {
            from += AskAgainAfter;
        }

        return next > time ? next : null;
    }

    private DateTimeOffset? Ask(DateTimeOffset time) => _expression.GetNextValidTimeAfter(time)?.ToUniversalTime();

    /// <summary>Lists the times after one up to and including another; if there are too many, the latest ones.</summary>
    /// <remarks>Looks at longer and longer stretches of the end: an expression of every second that was missed for a year does not make anybody count to 31 million.</remarks>
    public IReadOnlyList<DateTimeOffset> Between(DateTimeOffset after, DateTimeOffset upTo, int atMost)
    {
        foreach (var stretch in Stretches)
        {
            if (upTo - after > stretch)
            {
                var times = Latest(upTo - stretch, upTo, atMost);
                if (times.Length == atMost)
                {
                    return times;
                }
            }
        }

        return Latest(after, upTo, atMost);
    }

    private static readonly TimeSpan[] Stretches = [TimeSpan.FromMinutes(1), TimeSpan.FromHours(1), TimeSpan.FromDays(1), TimeSpan.FromDays(30)];

    private DateTimeOffset[] Latest(DateTimeOffset after, DateTimeOffset upTo, int atMost)
    {
        var times = new Queue<DateTimeOffset>();
        for (var next = NextAfter(after); next is { } time && time <= upTo; next = NextAfter(time))
        {
            if (times.Count == atMost)
            {
                times.Dequeue();
            }

            times.Enqueue(time);
        }

        return [.. times];
    }
}
