using Runtime.Core.Timing;

namespace Runtime.Core.Tests.Timing;

public sealed class CallbackGateTests
{
    [Fact]
    public void TryQueue_WhileQueued_MergesTheTicks()
    {
        var gate = default(CallbackGate);

        gate.TryQueue().ShouldBeTrue();
        gate.TryQueue().ShouldBeFalse();
    }

    [Fact]
    public void TryQueue_WhileACallbackRuns_QueuesAnother()
    {
        var gate = default(CallbackGate);
        gate.TryQueue();
        gate.TryEnter().ShouldBeTrue();

        gate.TryQueue().ShouldBeTrue();
        gate.TryEnter().ShouldBeTrue();
    }

    [Fact]
    public void TryEnter_AfterClose_IsRefused()
    {
        var gate = default(CallbackGate);
        gate.TryQueue().ShouldBeTrue();
        gate.Close();

        gate.TryEnter().ShouldBeFalse();
        gate.TryQueue().ShouldBeFalse();
        gate.IsClosed.ShouldBeTrue();
    }

    [Fact]
    public void WhenIdle_WithNothingRunning_IsCompleted()
    {
        var gate = default(CallbackGate);
        gate.TryQueue();
        gate.Close();

        gate.WhenIdle().AsTask().IsCompletedSuccessfully.ShouldBeTrue();
    }

    [Fact]
    public void WhenIdle_WithTwoRunning_CompletesForEveryWaiterWhenTheLastHasEnded()
    {
        var gate = default(CallbackGate);
        gate.TryEnter();
        gate.TryEnter();
        gate.Close();
        var first = gate.WhenIdle().AsTask();
        var second = gate.WhenIdle().AsTask();

        gate.Exit();
        first.IsCompleted.ShouldBeFalse();
        gate.Exit();

        first.IsCompletedSuccessfully.ShouldBeTrue();
        second.IsCompletedSuccessfully.ShouldBeTrue();
        gate.WhenIdle().AsTask().IsCompletedSuccessfully.ShouldBeTrue();
    }

    [Fact]
    public async Task WhenIdle_RacingWithTheLastExit_AlwaysCompletes()
    {
        for (var round = 0; round < 1_000; round++)
        {
            var box = new Box();
            box.Gate.TryEnter();
            box.Gate.Close();
            using var start = new Barrier(2);
            var exit = Task.Run(() =>
            {
                start.SignalAndWait();
                box.Gate.Exit();
            });

            start.SignalAndWait();
            await box.Gate.WhenIdle().AsTask().WaitAsync(TimeSpan.FromSeconds(30));
            await exit;
        }
    }

    private sealed class Box
    {
        internal CallbackGate Gate;
    }
}
