using Runtime.Hosting.Jobs;

namespace Runtime.Hosting.Tests.Jobs.Cells;

/// <summary>What each cell has of the rate of a queue.</summary>
public sealed class CellRatesTests
{
    private static readonly JobClaimRequest Request = new() { Room = 5, RoomOfQueue = new Dictionary<string, int> { ["other"] = 3 }, StarvationThreshold = TimeSpan.FromSeconds(1) };

    [Fact]
    public void Apply_OverSeveralCells_GivesOutAllOfIt_AndNoMore()
    {
        var shares = Enumerable.Range(0, 3).Select(static i => new CellRates(i, 3).Apply(["mail=8/00:01:00"], Request).RateOfQueue["mail"]).ToList();

        shares.ShouldBe([new(3, TimeSpan.FromMinutes(1)), new(3, TimeSpan.FromMinutes(1)), new(2, TimeSpan.FromMinutes(1))]);
    }

    [Fact]
    public void Apply_FewerStartsThanCells_LeavesTheQueueOut_AndSaysSo()
    {
        var rates = new CellRates(2, 3);

        var request = rates.Apply(["mail=2/00:01:00", "fax=3/00:01:00"], Request);

        request.RoomOfQueue.ShouldBe(new Dictionary<string, int> { ["other"] = 3, ["mail"] = 0 }, ignoreOrder: true);
        request.RateOfQueue.Keys.ShouldBe(["fax"]);
        rates.Problem.ShouldBe("Jobs:QueueRates allows the queue 'mail' 2 starts in 00:01:00, fewer than there are cells (3): its jobs in this one do not start. Allow at least 3, in a longer time if need be, or give the jobs a RateKey.");
        rates.Apply(["mail=3/00:01:00"], Request).RoomOfQueue.ShouldBe(Request.RoomOfQueue);
        rates.Problem.ShouldBeNull();
    }

    [Fact]
    public void Apply_OfOneStore_IsAsConfigured()
    {
        var rates = new CellRates(0, 1);

        rates.Apply(["mail=1/00:01:00"], Request).RateOfQueue["mail"].Limit.ShouldBe(1);
        rates.Problem.ShouldBeNull();
    }
}
