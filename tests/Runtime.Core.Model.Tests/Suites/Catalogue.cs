using Runtime.Core.Model.Tests.Engine;

namespace Runtime.Core.Model.Tests.Suites;

/// <summary>All scenarios over the product's files.</summary>
internal static class Catalogue
{
    public static readonly IReadOnlyList<(string Suite, string Name, Func<Scenario> Create)> All =
    [
        Entry<RingWithOneThief>("Ring"),
        Entry<RingOverflow>("Ring"),
        Entry<RingReuse>("Ring"),
        Entry<RingWithTwoThieves>("Ring"),
        Entry<RingChainedSteal>("Ring"),
        Entry<InjectorWithTwoProducers>("Injector"),
        Entry<InjectorBatch>("Injector"),
        Entry<InjectorWithTwoConsumers>("Injector"),
        Entry<InjectorRounds>("Injector"),
        Entry<InjectorClose>("Injector"),
        Entry<InjectorCloseWhileInUse>("Injector"),
        Entry<LaneWithOneTaker>("Lanes"),
        Entry<LaneWithTwoTakers>("Lanes"),
        Entry<LanesOfTwoLevels>("Lanes"),
        Entry<LaneOfDeadlines>("Lanes"),
        Entry<LanesClose>("Lanes"),
        Entry<BiasedLockWithOneVisitor>("BiasedLock"),
        Entry<BiasedLockWithTwoVisits>("BiasedLock"),
        Entry<SlotWithMonitor>("Slot"),
        Entry<SlotStamps>("Slot"),
        Entry<ParkerHandsOver>("Parker"),
        Entry<ParkerWithTwoWakers>("Parker"),
        Entry<ParkerTimesOut>("Parker"),
        Entry<AwaitMeetsSettle>("Await"),
        Entry<AwaitDeferred>("Await"),
        Entry<AwaitMeetsTimerAndCancellation>("Await"),
        Entry<AwaitTwice>("Await"),
        Entry<AwaitTakenTwice>("Await"),
        Entry<GateTickAndDispose>("Gate"),
        Entry<GateOverlap>("Gate"),
        Entry<GateServesEveryTick>("Gate"),
        Entry<AlarmInOneShard>("Alarm"),
        Entry<AlarmInTwoShards>("Alarm"),
        Entry<AlarmOfAnEarlierTimer>("Alarm"),
        Entry<AlarmAgainAndAgain>("Alarm"),
        Entry<LedgerOfAWorker>("Ledger"),
        Entry<LedgerOfAStray>("Ledger"),
        Entry<LedgerOfASubmitter>("Ledger"),
        Entry<WakeForOneProducer>("Wake"),
        Entry<WakeForTwoProducers>("Wake"),
        Entry<WakeWithinTheLimit>("Wake"),
        Entry<WakeWhenItIsWorthIt>("Wake"),
        Entry<WakeForLocalPushes>("Wake"),
        Entry<WakeForAStuckWorker>("Wake"),
        Entry<WakeForALane>("Wake"),
        Entry<WakeForRetirement>("Wake"),
        Entry<WakeForRetirementUnderLoad>("Wake"),
        Entry<WakeForClose>("Wake"),
        Entry<PollMeetsPost>("Wake"),
        Entry<PollMeetsEvent>("Wake"),
        Entry<PollMeetsEventAndPost>("Wake"),
        Entry<PollMeetsRegistration>("Wake"),
        Entry<PollMeetsMonitor>("Wake"),
        Entry<PollMeetsRetirement>("Wake"),
        Entry<PollMeetsClose>("Wake"),
        Entry<ReadyMeetsReader>("Ready"),
        Entry<ReadyMeetsWithdrawal>("Ready"),
        Entry<ReadyMeetsClose>("Ready"),
        Entry<ReadyMeetsReservation>("Ready"),
    ];

    private static (string Suite, string Name, Func<Scenario> Create) Entry<TScenario>(string suite)
        where TScenario : Scenario, new() =>
        (suite, typeof(TScenario).Name, static () => new TScenario());
}
