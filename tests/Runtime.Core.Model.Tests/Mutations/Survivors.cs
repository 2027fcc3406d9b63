namespace Runtime.Core.Model.Tests.Mutations;

/// <summary>The weakenings that no suite notices, and why that is so. Kind, method, which of its kind in the method.</summary>
internal static class Survivors
{
    private const string Hint = "a stamp that is read as a hint; the word after it publishes it";
    private const string WholeList = "the answer is a hint; the lock keeps the list whole while it is read, and no scenario tears it";
    private const string FenceFollows = "a full fence follows before anything else";
    private const string UnderLock = "written under the lock that those who act on it take; without the lock it is a hint";
    private const string BeforeSharing = "before the object is shared";
    private const string LooksAgain = "an old answer at worst; the compare-exchange that follows fails then and looks again";
    private const string Figure = "a figure of the shutdown report, which no scenario adds up";

    public static readonly IReadOnlyDictionary<string, string> Reasons = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["DropLock DatedLanes.OldestReadyAt 1"] = WholeList,
        ["DropLock Injector.OldestReadyAt 1"] = WholeList,
        ["DropFence Worker.Unpark 1"] = "the exchange in FutexParker.Unpark is a full fence; the lock in MonitorParker.Unpark is none",
        ["DropProcessWideFence WorkLedger.BeginStop 1"] = "AwaitStopSeen follows and does the same",
        ["SplitExchange WorkLedger.Finish 1"] = Figure,
        ["SplitExchange WorkLedger.MarkLate 1"] = Figure,
        ["RelaxExchange AwaitCore`1.Take 1"] = "the load before it is an acquire; either of the two orders the result",
        ["RelaxLoad AwaitCore`1.Look 1"] = LooksAgain,
        ["RelaxLoad AwaitCore`1.Register 1"] = LooksAgain,
        ["RelaxLoad AwaitCore`1.Settle 1"] = LooksAgain,
        ["RelaxLoad AwaitCore`1.Take 1"] = LooksAgain,
        ["RelaxStore AwaitCore`1.Open 1"] = BeforeSharing,
        ["RelaxStore AwaitCore`1.Resume 1"] = "the queue that handed the continuation over has fenced",
        ["SkipCheck AwaitCore`1.Look 1"] = LooksAgain,
        ["SkipCheck AwaitCore`1.Register 1"] = LooksAgain,
        ["SkipCheck AwaitCore`1.Settle 1"] = LooksAgain,
        ["RelaxStore Injector.Close 1"] = FenceFollows,
        ["RelaxStore Injector.Spill 1"] = UnderLock,
        ["RelaxStore Injector.Take 1"] = UnderLock,
        ["RelaxStore InjectorRing..ctor 1"] = BeforeSharing,
        ["RelaxStore LifoSlot.Put 1"] = Hint,
        ["RelaxStore LocalQueue.TryMoveHalf 1"] = "the claim of the head just before it has published the slots; thieves claim through the head",
        ["RelaxStore Slot.Fill 1"] = Hint,
        ["RelaxStore Slot.Fill 2"] = Hint,
        ["RelaxStore WorkLedger..ctor 1"] = BeforeSharing,
        ["RelaxStore WorkLedger.BeginStop 1"] = FenceFollows,
        ["RelaxStore WorkLedger.CutOff 1"] = FenceFollows,
        ["RelaxStore WorkLedger.TakeStripe 1"] = BeforeSharing,
    };
}
