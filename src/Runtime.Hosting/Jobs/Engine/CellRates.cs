namespace Runtime.Hosting.Jobs;

/// <summary>The share that one cell has of <c>Jobs:QueueRates</c>: each cell counts for itself, so together they start no more than is allowed.</summary>
/// <remarks>For one caller at a time; <see cref="Problem"/> may be read by any.</remarks>
internal sealed class CellRates(int index, int cells)
{
    private readonly QueueTexts<JobRate> _texts = new(QueueTexts.TryReadRate);
    private string? _problem;

    /// <summary>Gets what is wrong with a rate, if anything.</summary>
    public string? Problem => Volatile.Read(ref _problem);

    /// <summary>Puts the shares into a request. A queue that has none here is left out of it.</summary>
    public JobClaimRequest Apply(IList<string> texts, JobClaimRequest request)
    {
        var rates = _texts.Read(texts);
        if (cells == 1 || rates.Count == 0)
        {
            Volatile.Write(ref _problem, null);
            return rates.Count == 0 ? request : request with { RateOfQueue = rates };
        }

        var shares = rates.ToDictionary(static rate => rate.Key, rate => rate.Value with { Limit = (rate.Value.Limit / cells) + (index < rate.Value.Limit % cells ? 1 : 0) }, StringComparer.Ordinal);
        var without = shares.Where(static share => share.Value.Limit == 0).Select(static share => share.Key).Order(StringComparer.Ordinal).ToList();
        Volatile.Write(
            ref _problem,
            without.Count == 0
                ? null
                : $"Jobs:QueueRates allows the queue '{JobRules.Shown(without[0])}' {rates[without[0]]}, fewer than there are cells ({cells}): its jobs in this one do not start. Allow at least {cells}, in a longer time if need be, or give the jobs a RateKey.");
        if (without.Count == 0)
        {
            return request with { RateOfQueue = shares };
        }

        var room = new Dictionary<string, int>(request.RoomOfQueue, StringComparer.Ordinal);
        foreach (var queue in without)
        {
            shares.Remove(queue);
            room[queue] = 0;
        }

        return request with { RateOfQueue = shares, RoomOfQueue = room };
    }
}
