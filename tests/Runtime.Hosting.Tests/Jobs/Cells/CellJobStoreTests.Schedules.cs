using Runtime.Hosting.Jobs;

namespace Runtime.Hosting.Tests.Jobs.Cells;

/// <summary>Recurring jobs.</summary>
public sealed partial class CellJobStoreTests
{
    [Fact]
    public async Task ARecurringJob_WhoseShardHasMoved_IsTakenOutOfItsOldCell_WithItsDueTime()
    {
        var due = _clock.GetUtcNow().AddHours(1);
        await _store.PutScheduleAsync(Schedule(1, due), CancellationToken.None);
        (await _stores[1].ListSchedulesAsync(CancellationToken.None)).ShouldHaveSingleItem();

        await _store.PutScheduleAsync(Schedule(2, due.AddHours(5)), CancellationToken.None);

        (await _stores[1].ListSchedulesAsync(CancellationToken.None)).ShouldBeEmpty();
        (await _store.ListSchedulesAsync(CancellationToken.None)).ShouldHaveSingleItem().Next.ShouldBe(due);
        (await _stores[1].FireAsync("nightly", due, null, [], CancellationToken.None)).ShouldBeFalse(); // by a process that has read it before
        (await _store.FireAsync("nightly", due, due.AddDays(1), [new(due, Job(2))], CancellationToken.None)).ShouldBeTrue();
        (await _stores[2].CountAsync(new JobFilter(), CancellationToken.None)).ShouldHaveSingleItem().Value.ShouldBe(1);
        (await _store.RemoveScheduleAsync("nightly", CancellationToken.None)).ShouldBeTrue();
        (await _store.RemoveScheduleAsync("nightly", CancellationToken.None)).ShouldBeFalse();
    }

    // Another process has read the recurring job in its old cell, and fires it at one moment or another of its move.
    [Theory]
    [InlineData(nameof(IJobStore.FireAsync), true)]
    [InlineData(nameof(IJobStore.RemoveScheduleAsync), false)]
    public async Task ARecurringJob_ThatIsFiredWhileItMoves_HasOneRunOfADueTime(string moment, bool fires)
    {
        var due = _clock.GetUtcNow().AddHours(1);
        await _store.PutScheduleAsync(Schedule(1, due), CancellationToken.None);
        bool? fired = null;
        _troubles[1].Before = member =>
        {
            if (member == moment && fired is null)
            {
                fired = _stores[1].FireAsync("nightly", due, due.AddHours(1), [new(due, Job(1))], CancellationToken.None).AsTask().GetAwaiter().GetResult();
            }
        };

        await _store.PutScheduleAsync(Schedule(2, due), CancellationToken.None);

        fired.ShouldBe(fires);
        (await _store.ListSchedulesAsync(CancellationToken.None)).ShouldHaveSingleItem().Next.ShouldBe(fires ? due.AddHours(1) : due);
    }

    [Fact]
    public async Task ARecurringJob_WhoseMoveWasCutOff_ComesToLifeAgain()
    {
        var due = _clock.GetUtcNow().AddHours(1);
        await _store.PutScheduleAsync(Schedule(1, due), CancellationToken.None);
        (await _stores[1].FireAsync("nightly", due, null, [], CancellationToken.None)).ShouldBeTrue(); // the first half of a move

        await _store.PutScheduleAsync(Schedule(2, due), CancellationToken.None);

        (await _store.ListSchedulesAsync(CancellationToken.None)).ShouldHaveSingleItem().Next.ShouldBe(due);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task ARecurringJob_ThatWasPutWhileItsOldCellWasAway_IsOneAgainWhenThatIsOpened(bool isOldOpenedLast)
    {
        var due = _clock.GetUtcNow().AddHours(1);
        await _stores[1].PutScheduleAsync(Schedule(1, due, _clock.GetUtcNow()), CancellationToken.None);
        await _stores[2].PutScheduleAsync(Schedule(2, due, _clock.GetUtcNow().AddMinutes(1)), CancellationToken.None);
        await using var again = new CellJobStore(_stores);

        foreach (var cell in isOldOpenedLast ? again.Cells.Reverse() : again.Cells)
        {
            await cell.OpenAsync(new JobNode("other", [], 3), _listener, CancellationToken.None);
        }

        (await _stores[1].ListSchedulesAsync(CancellationToken.None)).ShouldBeEmpty();
        (await _stores[2].ListSchedulesAsync(CancellationToken.None)).ShouldHaveSingleItem();
    }

    [Theory]
    [InlineData(2, 2)]
    [InlineData(2, 0)]
    public async Task ARecurringJob_ThatTwoProcessesMoveAtOnce_IsInOneCell_AndKeepsItsMissedRun(int first, int second)
    {
        await using var again = new CellJobStore(_stores, place: static value => int.Parse(value, System.Globalization.CultureInfo.InvariantCulture)); // as another process sees the same cells
        await again.OpenAsync(new JobNode("other", [], 3), _listener, CancellationToken.None);
        var missed = _clock.GetUtcNow().AddMinutes(-2);
        for (var round = 0; round < 300; round++)
        {
            await _store.RemoveScheduleAsync("nightly", CancellationToken.None);
            await _store.PutScheduleAsync(Schedule(1, missed), CancellationToken.None);

            await Task.WhenAll(
                Task.Run(async () => await _store.PutScheduleAsync(Schedule(first, missed.AddDays(300)), CancellationToken.None)),
                Task.Run(async () => await again.PutScheduleAsync(Schedule(second, missed.AddDays(300)), CancellationToken.None)));

            var copies = new List<JobSchedule>();
            foreach (var store in _stores)
            {
                copies.AddRange(await store.ListSchedulesAsync(CancellationToken.None));
            }

            copies.ShouldHaveSingleItem($"round {round}").Next.ShouldBe(missed);
        }
    }

    [Fact]
    public async Task ARecurringJob_OfACellThatAnswers_CanBeRemovedWhileAnotherIsAway()
    {
        await _store.PutScheduleAsync(Schedule(1, _clock.GetUtcNow()), CancellationToken.None);
        _troubles[0].IsAway = true;

        (await _store.GetTimeAsync(CancellationToken.None)).ShouldBe(_clock.GetUtcNow());
        (await _store.RemoveScheduleAsync("nightly", CancellationToken.None)).ShouldBeTrue();
        await Should.ThrowAsync<JobStoreException>(async () => await _store.RemoveScheduleAsync("nightly", CancellationToken.None)); // it may be there
    }
}
