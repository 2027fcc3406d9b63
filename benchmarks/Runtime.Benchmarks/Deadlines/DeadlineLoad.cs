namespace Runtime.Benchmarks.Deadlines;

/// <summary>Random arrivals: exponential gaps (a Poisson process), service times and deadlines from a range. The same seed gives the same ones.</summary>
internal sealed class DeadlineLoad(int seed, TimeSpan leastService, TimeSpan mostService, TimeSpan leastDeadline, TimeSpan mostDeadline)
{
    public TimeSpan MostDeadline => mostDeadline;

    /// <summary>The arrivals of so long at so many a second.</summary>
    public List<Arrival> Arrivals(double perSecond, TimeSpan length)
    {
        var random = new Random(seed);
        var arrivals = new List<Arrival>();
        for (var at = Gap(random, perSecond); at < length; at += Gap(random, perSecond))
        {
            arrivals.Add(new Arrival(at, Between(random, leastService, mostService), Between(random, leastDeadline, mostDeadline)));
        }

        return arrivals;
    }

    /// <summary>So many service times, for a measurement of the capacity.</summary>
    public List<TimeSpan> Services(int count)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => Between(random, leastService, mostService))];
    }

    /// <summary>In which third of the range a deadline is, from 0 on.</summary>
    public int ThirdOf(TimeSpan deadline) => Math.Min(2, (int)(3 * ((deadline - leastDeadline) / (mostDeadline - leastDeadline))));

    private static TimeSpan Gap(Random random, double perSecond) => TimeSpan.FromSeconds(-Math.Log(1 - random.NextDouble()) / perSecond);

    private static TimeSpan Between(Random random, TimeSpan least, TimeSpan most) => least + (random.NextDouble() * (most - least));
}

/// <summary>One arrival: when, how long it runs, and how soon it should have ended.</summary>
internal sealed record Arrival(TimeSpan At, TimeSpan Service, TimeSpan Deadline);
