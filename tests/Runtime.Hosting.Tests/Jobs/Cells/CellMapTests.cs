using Runtime.Hosting.Jobs;

namespace Runtime.Hosting.Tests.Jobs.Cells;

/// <summary>Where a ShardBy goes, and what ids say.</summary>
public sealed class CellMapTests
{
    // Stored jobs depend on these answers: a version that gives others spreads the jobs of a tenant over two databases.
    [Theory]
    [InlineData("tenant-1", 1)]
    [InlineData("tenant-2", 0)]
    [InlineData("tenant-3", 0)]
    [InlineData("Zürich", 0)]
    public void Of_AValue_IsTheSameForEver(string shardBy, int cell) => new CellMap([0, 1, 2, 3], null).Of(shardBy).ShouldBe(cell);

    [Fact]
    public void Of_ManyValues_IsEven_AndAnotherCellTakesItsShareAndMovesNothingElse()
    {
        var (before, after) = (new CellMap([0, 1, 2], null), new CellMap([0, 1, 2, 3], null));
        var values = Enumerable.Range(0, 40_000).Select(static i => $"tenant-{i}").ToList();

        var moved = values.Where(value => before.Of(value) != after.Of(value)).ToList();

        moved.ShouldAllBe(value => after.Of(value) == 3);
        values.CountBy(after.Of).ShouldAllBe(static count => count.Value > 9_500 && count.Value < 10_500); // six standard deviations are 520
        values.CountBy(before.Of).Count().ShouldBe(3);
    }

    [Fact]
    public void Of_WithAPlaceOfTheUsersOwn_GoesThere_AndNamesAWrongOne()
    {
        var map = new CellMap([0, 2], static value => value switch { "a" => 2, "b" => 1, _ => null });

        map.Of("a").ShouldBe(2);
        map.Of("c").ShouldBe(new CellMap([0, 2], null).Of("c"));
        map.Of(null).ShouldBe(0);
        Should.Throw<InvalidOperationException>(() => map.Of("b"))
            .Message.ShouldBe("ShardBy 'b' was placed in cell 1; it must be one of those that take new jobs: 0, 2. Mend what places it, or let it return null.");
    }

    [Fact]
    public void Ids_SayTheirCell_KeepTheirTime_AndAreApart()
    {
        var now = new DateTimeOffset(2026, 11, 28, 1, 2, 3, 456, TimeSpan.Zero);
        var ids = Enumerable.Range(0, 10_000).Select(i => CellIds.New(now, i % CellIds.MostCells)).ToList();

        ids.Distinct().Count().ShouldBe(ids.Count);
        ids.Index().ShouldAllBe(static one => one.Item.Version == 7 && IsIn(one.Item, one.Index % CellIds.MostCells));
        ids[0].ToString()[..13].ShouldBe(Guid.CreateVersion7(now).ToString()[..13]);
    }

    [Fact]
    public void Ids_OfBefore_SeldomNameACell()
    {
        var random = new Random(7);
        Span<byte> bytes = stackalloc byte[16];
        var named = 0;
        for (var i = 0; i < 655_360; i++)
        {
            random.NextBytes(bytes);
            named += CellIds.TryGetCell(new Guid(bytes), out _) ? 1 : 0;
        }

        named.ShouldBeInRange(1, 30); // 10 are expected
    }

    private static bool IsIn(Guid id, int cell) => CellIds.TryGetCell(id, out var number) && number == cell;
}
