// AwaitCore: one await of one operation. Whoever ends the operation settles; whoever awaits it registers a continuation, and takes the outcome.
//
// Shared words    written by                                                   read by
//   _word         all sides, by compare-exchange; Open and Resume by a store   all
//   _continuation the awaiter, before it registers                             whoever the protocol tells to run it
//
// The word: the outcome (0: none yet) in two bits, Awaited, Resumed, and above them the version, which is the token of the ValueTask.
//
// Invariants: the first settle wins, the others change nothing. The continuation is run by exactly one: by the settler that finds Awaited, or by the
//             awaiter that finds an outcome. The outcome is taken once: that moves the version on, and every later call with the old one is refused.
//             Between two uses the word holds an outcome still, so that whoever settles late loses.
// Protocol:   settle    outcome into the word.              1 interlocked operation; before it: the result
//             register  continuation, then Awaited.         1 interlocked operation; the other of the two comes second and sees the first
//             resume    Resumed, by whoever runs the continuation; nobody else may change the word then, so a store is enough.
//             take      the next version.                   1 interlocked operation; after it: the result
//             open      the outcome goes, by the next user, once nobody is left who may settle for the last one.
// Races:      settle and register: each is an interlocked operation on the one word, so one of them sees the other.
//             Two awaits of one ValueTask, a mistake of the user's: the second one is refused, whenever it comes. In particular nothing is taken while a
//             continuation is on its way (Awaited and not Resumed): the object is in a queue then and must not serve another call. The continuation
//             itself is a plain cell: two registrations at the same instant are the one mistake that may mix them up.
// Loads:      what depends on one is done after an interlocked operation on the same word, so none of them orders anything.
// Rejected:   ManualResetValueTaskSourceCore: allocates when it captures a context, and nothing in it is atomic between two awaiters.
// Sources:    the Task awaiters of .NET; the join word of Tokio's tasks. Tests: AsyncRuntimeDelayTests, AwaitStressTests, the model's Await suite.
namespace Runtime.Core.Concurrency;

/// <summary>How an awaited operation ended. The values are those of ValueTaskSourceStatus.</summary>
internal enum AwaitOutcome
{
    None,
    Succeeded,
    Failed,
    Cancelled,
}

/// <summary>What a settle has to see to.</summary>
internal enum SettleResult
{
    /// <summary>Another one was first.</summary>
    Lost,

    /// <summary>Nobody waits yet.</summary>
    NobodyWaits,

    /// <summary>The continuation has to be run.</summary>
    Wake,
}

/// <summary>What a registration has to see to.</summary>
internal enum RegisterResult
{
    /// <summary>The settler will run the continuation.</summary>
    Registered,

    /// <summary>There is an outcome: the caller has the continuation run.</summary>
    Settled,
}

/// <summary>The meeting point of an operation and its one awaiter, for use by one after another. See the head of the file.</summary>
/// <typeparam name="TContinuation">What the awaiter leaves behind.</typeparam>
internal struct AwaitCore<TContinuation>
{
    private const int OutcomeBits = 3;
    private const int Awaited = 4;
    private const int Resumed = 8;
    private const int VersionShift = 8;
    private const int AllVersions = 0xFFFF;

    private AtomicInt32 _word;
    private Cell<TContinuation> _continuation;

    /// <summary>What the awaiter left. For whoever is to run it, and to clear when the use is over.</summary>
    public TContinuation Continuation
    {
        readonly get => _continuation.Value;
        set => _continuation.Value = value;
    }

    /// <summary>Begins a use. Nobody else may know of the object any more, or yet.</summary>
    /// <returns>Its version.</returns>
    public short Open()
    {
        var word = _word.Plain & (AllVersions << VersionShift);
        _word.Value = word; // handing out the value task publishes it
        return VersionOf(word);
    }

    /// <summary>The outcome so far. It orders nothing: <see cref="Take"/> does.</summary>
    /// <remarks>An await asks this first, and what it throws reaches the code that awaits; what a registration throws would end the process.</remarks>
    /// <exception cref="InvalidOperationException">The version is of an earlier use, or there is a continuation and it has not begun.</exception>
    public readonly AwaitOutcome Look(short version)
    {
        var word = _word.Value;
        return VersionOf(word) == version && !IsTakerOnTheWay(word) ? OutcomeOf(word) : throw AwaitErrors.AwaitedAlready();
    }

    /// <summary>Ends the operation. Anyone, any number of times.</summary>
    public SettleResult Settle(AwaitOutcome outcome)
    {
        var seen = _word.Value;
        while (OutcomeOf(seen) == AwaitOutcome.None)
        {
            var before = _word.CompareExchange(seen | (int)outcome, seen); // pairs with Register and Take
            if (before == seen)
            {
                return (seen & Awaited) != 0 ? SettleResult.Wake : SettleResult.NobodyWaits;
            }

            seen = before;
        }

        return SettleResult.Lost;
    }

    /// <summary>Leaves a continuation.</summary>
    /// <exception cref="InvalidOperationException">The version is of an earlier use, or there is a continuation already.</exception>
    public RegisterResult Register(short version, TContinuation continuation)
    {
        var seen = _word.Value;
        if (!MayRegister(seen, version))
        {
            throw AwaitErrors.AwaitedAlready();
        }

        _continuation.Value = continuation; // nobody reads it before Awaited is set
        while (true)
        {
            var before = _word.CompareExchange(seen | Awaited, seen); // pairs with Settle
            if (before == seen)
            {
                return OutcomeOf(seen) == AwaitOutcome.None ? RegisterResult.Registered : RegisterResult.Settled;
            }

            if (!MayRegister(before, version))
            {
                throw AwaitErrors.AwaitedAlready();
            }

            seen = before;
        }
    }

    /// <summary>The continuation is about to run: the outcome may be taken. For whoever runs it.</summary>
    public void Resume() => _word.Value = _word.Plain | Resumed; // release; pairs with Take on another thread, which the user's code may bring about

    /// <summary>Takes the outcome and ends the use.</summary>
    /// <exception cref="InvalidOperationException">There is none yet, or it was taken, or its taker is on the way.</exception>
    public AwaitOutcome Take(short version)
    {
        var seen = _word.Value;
        if (VersionOf(seen) != version || IsTakerOnTheWay(seen))
        {
            throw AwaitErrors.AwaitedAlready();
        }

        if (OutcomeOf(seen) == AwaitOutcome.None)
        {
            throw AwaitErrors.NotCompleted();
        }

        var next = ((((seen >> VersionShift) + 1) & AllVersions) << VersionShift) | (seen & OutcomeBits);
        return _word.CompareExchange(next, seen) == seen // pairs with Settle: the result; and with another Take
            ? OutcomeOf(seen)
            : throw AwaitErrors.AwaitedAlready();
    }

    private static bool IsTakerOnTheWay(int word) => (word & (Awaited | Resumed)) == Awaited;

    private static bool MayRegister(int word, short version) => VersionOf(word) == version && (word & Awaited) == 0;

    private static short VersionOf(int word) => (short)(word >> VersionShift);

    private static AwaitOutcome OutcomeOf(int word) => (AwaitOutcome)(word & OutcomeBits);
}

/// <summary>What is said to those who await a ValueTask in a way that it does not allow.</summary>
internal static class AwaitErrors
{
    public static InvalidOperationException AwaitedAlready() => new(
        "This ValueTask has been awaited already. It can be awaited once, because what is behind it then serves another call; call AsTask() and await the task if you need the outcome more than once.");

    public static InvalidOperationException NotCompleted() => new(
        "This ValueTask has not completed, so it has no result to give. Await it, or call AsTask() and wait for the task.");
}
