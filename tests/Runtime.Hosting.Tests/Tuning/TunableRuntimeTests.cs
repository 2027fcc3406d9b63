using Runtime.Core;
using Runtime.Core.Tuning;
using Runtime.Hosting.Tuning;

namespace Runtime.Hosting.Tests.Tuning;

/// <summary>Who decides what: the configuration, and within it the tuner.</summary>
public sealed class TunableRuntimeTests : IAsyncLifetime
{
    private readonly AsyncRuntime _runtime = new(new AsyncRuntimeOptions { WorkerThreads = 2, MaxWorkerThreads = 8 });

    public Task InitializeAsync() => _runtime.StartAsync();

    public async Task DisposeAsync() => await _runtime.DisposeAsync();

    [Fact]
    public void Set_WorkerThreads_ChangesTheRuntimeWithinTheBounds()
    {
        var tunable = Tunable(new() { WorkerThreads = 2, MinWorkerThreads = 2, MaxWorkerThreads = 4 });

        tunable.Set(TuningKnob.WorkerThreads, 3);
        (tunable.Get(TuningKnob.WorkerThreads), _runtime.WorkerCount).ShouldBe((3, 3));
        tunable.Set(TuningKnob.WorkerThreads, 100);
        (tunable.Get(TuningKnob.WorkerThreads), _runtime.WorkerCount).ShouldBe((4, 4));
        tunable.Set(TuningKnob.WorkerThreads, 0);
        tunable.Get(TuningKnob.WorkerThreads).ShouldBe(2);
    }

    [Theory]
    [InlineData(3, 1, 0, 3, 3)] // configured, and no bound above it: the user's word
    [InlineData(3, 1, 6, 1, 6)]
    [InlineData(0, 2, 6, 2, 6)]
    public void Bounds_AreTheUsers(int workers, int least, int greatest, int expectedLeast, int expectedGreatest) =>
        Tunable(new() { WorkerThreads = workers, MinWorkerThreads = least, MaxWorkerThreads = greatest })
            .Bounds(TuningKnob.WorkerThreads).ShouldBe((expectedLeast, expectedGreatest));

    [Fact]
    public void Stealing_ThatTheUserSwitchedOff_StaysOff()
    {
        var tunable = Tunable(new() { EnableWorkStealing = false });

        tunable.Set(TuningKnob.WorkStealing, 1);

        tunable.Get(TuningKnob.WorkStealing).ShouldBe(0);
        tunable.Bounds(TuningKnob.WorkStealing).ShouldBe((0, 0));
    }

    [Fact]
    public void Reconfigure_OfSomethingElse_KeepsWhatTheTunerFound()
    {
        var tunable = Tunable(new() { WorkerThreads = 2, MaxWorkerThreads = 8 });
        tunable.Set(TuningKnob.WorkerThreads, 5);
        tunable.Set(TuningKnob.WorkStealing, 0);

        tunable.Reconfigure(new() { WorkerThreads = 2, MaxWorkerThreads = 8, MaxStealAttempts = 7 });

        (tunable.Get(TuningKnob.WorkerThreads), _runtime.WorkerCount).ShouldBe((5, 5));
        tunable.Get(TuningKnob.WorkStealing).ShouldBe(0);
    }

    [Fact]
    public void Reconfigure_OfThatSetting_Wins()
    {
        var tunable = Tunable(new() { WorkerThreads = 2, MaxWorkerThreads = 8 });
        tunable.Set(TuningKnob.WorkerThreads, 5);

        tunable.Reconfigure(new() { WorkerThreads = 6, MaxWorkerThreads = 8 });

        (tunable.Get(TuningKnob.WorkerThreads), _runtime.WorkerCount).ShouldBe((6, 6));
    }

    [Fact]
    public void Reconfigure_TunerOff_UndoesWhatItTurned()
    {
        var tunable = Tunable(new() { WorkerThreads = 2, MaxWorkerThreads = 8 });
        tunable.Set(TuningKnob.WorkerThreads, 5);
        tunable.Set(TuningKnob.WorkStealing, 0);

        tunable.Reconfigure(new() { WorkerThreads = 2, MaxWorkerThreads = 8, Tuner = { Enabled = false } });

        tunable.Get(TuningKnob.WorkerThreads).ShouldBe(2);
        tunable.Get(TuningKnob.WorkStealing).ShouldBe(1);
    }

    private TunableRuntime Tunable(AsyncRuntimeOptions options)
    {
        _runtime.Reconfigure(options);
        return new TunableRuntime(_runtime, options);
    }
}
