using Runtime.Core;
using Runtime.Core.Tuning;
using Runtime.Hosting.Tuning;

namespace Runtime.Hosting.Tests.Tuning;

/// <summary>Who decides what: the configuration, and within it the tuner.</summary>
public sealed class TunableRuntimeTests : IAsyncLifetime
{
    private readonly AsyncRuntime _runtime = new(new AsyncRuntimeOptions { WorkerThreads = 2, MaxWorkerThreads = 8 });
    private readonly List<int> _capacityShares = [];

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

    // As a quota of processors does that is changed while the process runs; here it is the options that change their meaning.
    [Fact]
    public void WhatTheConfigurationMeans_IsWorkedOutOnceForEachReload()
    {
        var options = new AsyncRuntimeHostingOptions { WorkerThreads = 2, MaxWorkerThreads = 8 };
        var tunable = Tunable(options);
        (options.WorkerThreads, options.MaxWorkerThreads) = (5, 16);

        tunable.Set(TuningKnob.CleanupThreshold, 500);

        (tunable.Get(TuningKnob.WorkerThreads), tunable.Configured(TuningKnob.WorkerThreads), _runtime.WorkerCount).ShouldBe((2, 2, 2));
        tunable.Bounds(TuningKnob.WorkerThreads).ShouldBe((1, 8));
        tunable.Set(TuningKnob.WorkerThreads, 7);
        tunable.Reconfigure(options);
        (tunable.Get(TuningKnob.WorkerThreads), _runtime.WorkerCount).ShouldBe((5, 5), "it is another number now, as after any reload");
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

    [Theory]
    [InlineData(TuningKnob.WorkerThreads, 1, 2, 8)]
    [InlineData(TuningKnob.WorkStealing, 0, 1, 1)]
    [InlineData(TuningKnob.QueueCapacity, 10, 100, 100)]
    [InlineData(TuningKnob.CleanupThreshold, 100, 1000, 4000)]
    [InlineData(TuningKnob.Isolation, 1, 1, 3)]
    [InlineData(TuningKnob.TimerSlack, 2, 2, 20)]
    public void EveryKnob_IsItsOwn_KeepsToItsBounds_AndGoesBack(TuningKnob knob, int least, int configured, int greatest)
    {
        var options = new AsyncRuntimeHostingOptions
        {
            WorkerThreads = 2,
            MaxWorkerThreads = 8,
            Timers = { Slack = TimeSpan.FromMilliseconds(2) },
            Tuner = { MaxTimerSlack = TimeSpan.FromMilliseconds(20) },
        };
        var tunable = Tunable(options);

        tunable.Bounds(knob).ShouldBe((least, greatest));
        (tunable.Get(knob), tunable.Configured(knob)).ShouldBe((configured, configured));
        tunable.Set(knob, int.MaxValue);
        tunable.Get(knob).ShouldBe(greatest);
        tunable.Set(knob, int.MinValue);
        tunable.Get(knob).ShouldBe(least);
        Enum.GetValues<TuningKnob>().Where(other => other != knob).ShouldAllBe(other => tunable.Get(other) == tunable.Configured(other));
        tunable.Set(knob, configured);
        tunable.Get(knob).ShouldBe(configured);
        (options.WorkerThreads, options.EnableWorkStealing, options.Cleanup.Threshold, options.Isolation, options.Timers.Slack)
            .ShouldBe((2, true, 1000, WorkerIsolation.BelowNormal, TimeSpan.FromMilliseconds(2))); // the configuration itself is never written to
    }

    [Fact]
    public void Isolation_ThatTheUserSwitchedOff_StaysOff() =>
        Tunable(new() { Isolation = WorkerIsolation.None }).Bounds(TuningKnob.Isolation).ShouldBe((0, 0));

    [Fact]
    public void TimerSlack_ThatNobodyGranted_StaysZero() => Tunable(new()).Bounds(TuningKnob.TimerSlack).ShouldBe((0, 0));

    [Fact]
    public void QueueCapacity_GoesToTheQueues()
    {
        var tunable = Tunable(new());

        tunable.Set(TuningKnob.QueueCapacity, 40);

        _capacityShares.ShouldBe([40]);
    }

    private TunableRuntime Tunable(AsyncRuntimeHostingOptions options)
    {
        _runtime.Reconfigure(options);
        return new TunableRuntime(_runtime, _capacityShares.Add, options);
    }
}
