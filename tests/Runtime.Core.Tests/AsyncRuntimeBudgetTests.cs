namespace Runtime.Core.Tests;

/// <summary>Code that awaits complete things for ever lets others go first.</summary>
public sealed class AsyncRuntimeBudgetTests : IAsyncLifetime
{
    private const int Budget = 128;

    private readonly AsyncRuntime _runtime = new(new AsyncRuntimeOptions { MaxReserveThreads = 0, WorkerThreads = 1, MaxWorkerThreads = 1 });

    public Task InitializeAsync() => _runtime.StartAsync();

    public async Task DisposeAsync() => await _runtime.DisposeAsync();

    public static TheoryData<string, Func<AsyncRuntime, ValueTask>> CompleteAwaits => new()
    {
        { "ConsumeBudget", static async _ => await AsyncRuntime.ConsumeBudget() },
        { "Delay", static runtime => runtime.Delay(TimeSpan.Zero) },
        { "Delay, no context", static async runtime => await runtime.Delay(TimeSpan.Zero).ConfigureAwait(false) },
    };

    [Theory]
    [MemberData(nameof(CompleteAwaits))]
    public async Task Await_CompleteThingsForEver_LetsOtherWorkOfTheWorkerRun(string name, Func<AsyncRuntime, ValueTask> operation)
    {
        var stop = false;
        var turns = 0;
        var began = Waiting.NewSignal();
        var chatty = _runtime.Spawn(async ct =>
        {
            began.SetResult();
            while (!Volatile.Read(ref stop))
            {
                await operation(_runtime);
                turns++;
            }
        });
        await began.Task.Guarded();

        await _runtime.Spawn(async ct => Volatile.Write(ref stop, true)).Guarded();

        await chatty.Guarded();
        if (turns > Budget)
        {
            _runtime.Snapshot().ForcedYields.ShouldBeGreaterThan(0, name);
        }
    }

    [Fact]
    public async Task Await_WorkThatHasEndedAlready_TakesAUnitAndYieldsWhenNoneIsLeft()
    {
        await _runtime.Spawn(async ct =>
        {
            // Each has ended long before it is awaited, so every await is complete, but for want of budget.
            var ended = new ValueTask<int>[3 * Budget];
            for (var i = 0; i < ended.Length; i++)
            {
                ended[i] = _runtime.RunAsync(static (number, _) => ValueTask.FromResult(number), i);
            }

            await AsyncRuntime.Yield(); // on one worker: behind all of them
            var before = _runtime.Snapshot().ForcedYields;
            for (var i = 0; i < ended.Length; i++)
            {
                (await ended[i]).ShouldBe(i);
            }

            (_runtime.Snapshot().ForcedYields - before).ShouldBeInRange(2, 3);
        }).Guarded();
    }

    [Fact]
    public async Task ConsumeBudget_InAFreshItem_Has128Units()
    {
        (await _runtime.Spawn(async ct => TakeAll()).Guarded()).ShouldBe(Budget);
        await _runtime.Spawn(async ct =>
        {
            TakeAll().ShouldBe(Budget);
            await AsyncRuntime.Yield();
            TakeAll().ShouldBe(Budget);
            await _runtime.Delay(TimeSpan.FromMilliseconds(100), ct); // long enough to be awaited before it is over: else it goes on from the slot
            TakeAll().ShouldBe(Budget);
        }).Guarded();
    }

    [Fact]
    public async Task ConsumeBudget_InAnItemFromTheSlot_HasWhatTheOneBeforeLeft()
    {
        // The monitor may take the item out of the slot when this thread loses its processor just then; then it comes from a queue, with a budget of its own.
        var fromSlot = 0;
        for (var i = 0; i < 100 && fromSlot < 10; i++)
        {
            var result = Waiting.NewSignal<(int Units, bool FromSlot)>();
            await _runtime.Spawn(async ct =>
            {
                for (var unit = 0; unit < 100; unit++)
                {
                    await AsyncRuntime.ConsumeBudget();
                }

                var before = _runtime.Snapshot().Workers[0].SlotRuns;
                _runtime.Post(() => result.SetResult((TakeAll(), _runtime.Snapshot().Workers[0].SlotRuns == before + 1)));
            }).Guarded();

            var (units, isFromSlot) = await result.Task.Guarded();
            units.ShouldBe(isFromSlot ? Budget - 100 : Budget);
            fromSlot += isFromSlot ? 1 : 0;
        }

        fromSlot.ShouldBeGreaterThan(0);
    }

    [Fact]
    public async Task ForcedYields_OfOneLoop_AreOneForEachBudget()
    {
        const int Rounds = 10;
        await _runtime.Spawn(async ct =>
        {
            await AsyncRuntime.Yield();
            for (var i = 0; i < Rounds * (Budget + 1); i++)
            {
                await AsyncRuntime.ConsumeBudget(); // the one that finds none is the yield, and takes nothing
            }
        }).Guarded();

        _runtime.Snapshot().ForcedYields.ShouldBe(Rounds);
    }

    [Fact]
    public async Task ForcedYields_OfWorkersThatHaveEnded_StayCounted()
    {
        await using var runtime = new AsyncRuntime(new AsyncRuntimeOptions { WorkerThreads = 1, MaxWorkerThreads = 1 });
        await runtime.StartAsync();
        await runtime.Spawn(async ct =>
        {
            for (var i = 0; i < 2 * Budget; i++)
            {
                await AsyncRuntime.ConsumeBudget();
            }
        }).Guarded();
        var before = runtime.Snapshot().ForcedYields;
        before.ShouldBeGreaterThan(0);

        await runtime.StopAsync().Guarded();

        runtime.Snapshot().ForcedYields.ShouldBe(before);
    }

    [Fact]
    public async Task IsCompleted_AskedInALoopWithoutBudget_AnswersInTheEnd()
    {
        await _runtime.Spawn(async ct =>
        {
            TakeAll();
            var delay = _runtime.Delay(TimeSpan.Zero, ct);
            delay.IsCompleted.ShouldBeFalse(); // for want of budget
            delay.IsCompleted.ShouldBeTrue(); // but nobody is kept waiting who does not await
            await delay;
        }).Guarded();
    }

    [Fact]
    public void ConsumeBudget_OutsideOfARuntime_NeverSuspends()
    {
        for (var i = 0; i < 10 * Budget; i++)
        {
            AsyncRuntime.ConsumeBudget().GetAwaiter().IsCompleted.ShouldBeTrue();
            _runtime.Delay(TimeSpan.Zero).IsCompletedSuccessfully.ShouldBeTrue();
        }
    }

    [Fact]
    public async Task OnCompleted_OfConsumeBudget_FlowsTheExecutionContext()
    {
        var local = new AsyncLocal<string>();
        var seen = Waiting.NewSignal<string?>();
        await _runtime.Spawn(async ct =>
        {
            local.Value = "mine";
            AsyncRuntime.ConsumeBudget().GetAwaiter().OnCompleted(() => seen.SetResult(local.Value));
        }).Guarded();

        (await seen.Task.Guarded()).ShouldBe("mine");
    }

    private static int TakeAll()
    {
        var units = 0;
        while (AsyncRuntime.ConsumeBudget().GetAwaiter().IsCompleted)
        {
            units++;
        }

        return units;
    }
}
