using Runtime.Core.Lifecycle;

namespace Runtime.Core.Tests.Lifecycle;

public sealed class RuntimeLifecycleTests
{
    public static TheoryData<RuntimeState, RuntimeState> EveryPair()
    {
        var pairs = new TheoryData<RuntimeState, RuntimeState>();
        foreach (var from in Enum.GetValues<RuntimeState>())
        {
            foreach (var to in Enum.GetValues<RuntimeState>())
            {
                pairs.Add(from, to);
            }
        }

        return pairs;
    }

    [Theory]
    [MemberData(nameof(EveryPair))]
    public void Transition_AnyPair_OnlyTheSuccessorIsAllowed(RuntimeState from, RuntimeState to)
    {
        var lifecycle = new RuntimeLifecycle();
        for (var state = RuntimeState.Initializing; state <= from; state++)
        {
            lifecycle.Transition(state);
        }

        if ((int)to == (int)from + 1)
        {
            lifecycle.Transition(to);
            lifecycle.State.ShouldBe(to);
            return;
        }

        var error = Should.Throw<InvalidStateTransitionException>(() => lifecycle.Transition(to));
        error.From.ShouldBe(from);
        error.To.ShouldBe(to);
        error.Message.ShouldBe($"A runtime cannot go from {from} to {to}; the only order is Uninitialized → Initializing → Running → ShuttingDown → Terminated.");
        lifecycle.State.ShouldBe(from);
    }

    [Fact]
    public async Task TryTransition_ManyThreadsAtOnce_ExactlyOneWins()
    {
        for (var round = 0; round < 200; round++)
        {
            var lifecycle = new RuntimeLifecycle();
            using var barrier = new Barrier(4);
            var wins = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Factory.StartNew(
                () =>
                {
                    barrier.SignalAndWait(Waiting.HangGuard);
                    return lifecycle.TryTransition(RuntimeState.Initializing, out RuntimeState _);
                },
                CancellationToken.None,
                TaskCreationOptions.LongRunning,
                TaskScheduler.Default))).Guarded();

            wins.Count(won => won).ShouldBe(1);
        }
    }
}
