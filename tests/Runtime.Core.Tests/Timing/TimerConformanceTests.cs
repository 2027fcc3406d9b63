using static Runtime.Core.Tests.Timing.RuntimeTimers;

namespace Runtime.Core.Tests.Timing;

/// <summary>The suite on the reference: it says what the others have to do.</summary>
public sealed class SystemTimerConformanceTests : TimerConformanceTests
{
    private protected override TimeProvider Provider => TimeProvider.System;
}

/// <summary>The suite on the wheel.</summary>
public sealed class RuntimeTimerConformanceTests : TimerConformanceTests, IDisposable
{
    private readonly RuntimeTimers _timers = new();

    private protected override TimeProvider Provider => _timers.Provider;

    public void Dispose() => _timers.Dispose();
}

/// <summary>The suite on timers that are made before the service has started.</summary>
public sealed class UnstartedTimerConformanceTests : TimerConformanceTests, IDisposable
{
    private readonly RuntimeTimers _timers = new(start: false);

    private protected override TimeProvider Provider => _timers.Provider;

    public void Dispose() => _timers.Dispose();
}

/// <summary>The suite on timers that are made when the service has stopped.</summary>
public sealed class StoppedTimerConformanceTests : TimerConformanceTests, IDisposable
{
    private readonly RuntimeTimers _timers = new();

    public StoppedTimerConformanceTests() => _timers.Service.Stop();

    private protected override TimeProvider Provider => _timers.Provider;

    public void Dispose() => _timers.Dispose();
}

/// <summary>The suite on timers that were made on the wheel and lost it before they were armed: the hand-over of the stop.</summary>
public sealed class MovedTimerConformanceTests : TimerConformanceTests
{
    private protected override TimeProvider Provider { get; } = new StopsAfterCreation();

    // Each of them starts and stops a service.
    private protected override int ManyTimers => 300;

    private sealed class StopsAfterCreation : TimeProvider
    {
        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            using var timers = new RuntimeTimers();
            var timer = timers.Provider.CreateTimer(callback, state, Never, Never);
            timers.Service.Stop();
            timer.Change(dueTime, period);
            return timer;
        }
    }
}

/// <summary>What a time provider's timers must do, whoever keeps the time.</summary>
public abstract partial class TimerConformanceTests
{
    private protected abstract TimeProvider Provider { get; }

    private protected virtual int ManyTimers => 10_000;

    private protected virtual bool CallbacksOverlap => true;

    public static TheoryData<double> InvalidTimes => [-2, -100, -1e12, 4_294_967_295, 1e12];

    [Fact]
    public void CreateTimer_WithoutACallback_Throws()
    {
        Should.Throw<ArgumentNullException>(() => Provider.CreateTimer(null!, null, Short, Never)).ParamName.ShouldBe("callback");
    }

    [Theory]
    [MemberData(nameof(InvalidTimes))]
    public void CreateTimerAndChange_WithAnInvalidTime_Throw(double milliseconds)
    {
        var invalid = TimeSpan.FromMilliseconds(milliseconds);
        using var timer = Provider.CreateTimer(static _ => { }, null, Never, Never);

        Should.Throw<ArgumentOutOfRangeException>(() => Provider.CreateTimer(static _ => { }, null, invalid, Never)).ParamName.ShouldBe("dueTime");
        Should.Throw<ArgumentOutOfRangeException>(() => Provider.CreateTimer(static _ => { }, null, Never, invalid)).ParamName.ShouldBe("period");
        Should.Throw<ArgumentOutOfRangeException>(() => timer.Change(invalid, Never)).ParamName.ShouldBe("dueTime");
        Should.Throw<ArgumentOutOfRangeException>(() => timer.Change(Never, invalid)).ParamName.ShouldBe("period");
        timer.Dispose();
        Should.Throw<ArgumentOutOfRangeException>(() => timer.Change(invalid, Never)).ParamName.ShouldBe("dueTime");
    }

    [Fact]
    public void CreateTimer_WithTheLongestTimes_IsAccepted()
    {
        var longest = TimeSpan.FromMilliseconds(4_294_967_294);

        using var timer = Provider.CreateTimer(static _ => { }, null, longest, longest);

        timer.Change(longest, longest).ShouldBeTrue();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-0.5)]
    [InlineData(0.1)]
    [InlineData(1)]
    [InlineData(20.7)]
    public async Task CreateTimer_WithADueTime_CallsBackWithTheState(double milliseconds)
    {
        var called = new TaskCompletionSource<object?>(TaskCreationOptions.RunContinuationsAsynchronously);
        var state = new object();
        using var timer = Provider.CreateTimer(called.SetResult, state, TimeSpan.FromMilliseconds(milliseconds), Never);

        (await called.Task.WaitAsync(HangGuard)).ShouldBeSameAs(state);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(-1.9)]
    public async Task CreateTimer_WithAnInfiniteDueTime_WaitsForChange(double milliseconds)
    {
        using var called = new SemaphoreSlim(0);
        using var timer = Provider.CreateTimer(_ => called.Release(), null, TimeSpan.FromMilliseconds(milliseconds), Short);

        await PassTimeAsync();
        called.CurrentCount.ShouldBe(0);
        timer.Change(Short, Never).ShouldBeTrue();
        (await called.WaitAsync(HangGuard)).ShouldBeTrue();
    }

    [Fact]
    public async Task CreateTimer_DueAtOnce_DoesNotCallBackOnTheCallersStack()
    {
        using var inside = new ThreadLocal<bool>();
        var onStack = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);

        inside.Value = true;
        using var timer = Provider.CreateTimer(_ => onStack.SetResult(inside.Value), null, TimeSpan.Zero, Never);
        inside.Value = false;

        (await onStack.Task.WaitAsync(HangGuard)).ShouldBeFalse();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(0.9)]
    public async Task CreateTimer_WithoutAPeriod_CallsBackOnce(double period)
    {
        using var called = new SemaphoreSlim(0);
        using var timer = Provider.CreateTimer(_ => called.Release(), null, Short, TimeSpan.FromMilliseconds(period));

        (await called.WaitAsync(HangGuard)).ShouldBeTrue();
        await PassTimeAsync();
        called.CurrentCount.ShouldBe(0);
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(1, 1)]
    [InlineData(5, 2.5)]
    public async Task CreateTimer_WithAPeriod_CallsBackUntilDispose(double dueTime, double period)
    {
        using var called = new SemaphoreSlim(0);
        var timer = Provider.CreateTimer(_ => called.Release(), null, TimeSpan.FromMilliseconds(dueTime), TimeSpan.FromMilliseconds(period));

        for (var i = 0; i < 5; i++)
        {
            (await called.WaitAsync(HangGuard)).ShouldBeTrue();
        }

        await timer.DisposeAsync();
        var calls = called.CurrentCount;
        await PassTimeAsync();
        called.CurrentCount.ShouldBe(calls);
    }

    [Fact]
    public async Task CreateTimer_WithAPeriod_OverlapsCallbacksThatTakeLonger()
    {
        if (!CallbacksOverlap)
        {
            return;
        }

        using var both = new Barrier(2);
        var met = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var arrived = 0;
        var timer = Provider.CreateTimer(
            _ =>
            {
                // The first two go on only when both are inside.
                if (Interlocked.Increment(ref arrived) <= 2 && both.SignalAndWait(HangGuard))
                {
                    met.TrySetResult();
                }
            },
            null,
            Short,
            Short);

        await met.Task.WaitAsync(HangGuard);
        await timer.DisposeAsync();
    }

    [Fact]
    public async Task Change_BeforeTheTime_ReplacesDueTimeAndPeriod()
    {
        using var called = new SemaphoreSlim(0);
        using var timer = Provider.CreateTimer(_ => called.Release(), null, Long, Never);

        timer.Change(Short, Short).ShouldBeTrue();
        (await called.WaitAsync(HangGuard)).ShouldBeTrue();
        (await called.WaitAsync(HangGuard)).ShouldBeTrue();

        timer.Change(TimeSpan.Zero, Never).ShouldBeTrue();
        (await called.WaitAsync(HangGuard)).ShouldBeTrue();
    }

    [Fact]
    public async Task Change_AfterTheTime_ArmsAgain()
    {
        using var called = new SemaphoreSlim(0);
        using var timer = Provider.CreateTimer(_ => called.Release(), null, TimeSpan.Zero, Never);

        for (var i = 0; i < 5; i++)
        {
            (await called.WaitAsync(HangGuard)).ShouldBeTrue();
            timer.Change(TimeSpan.FromMilliseconds(i), Never).ShouldBeTrue();
        }
    }

    [Fact]
    public async Task Change_ToInfinite_Disarms()
    {
        var calls = 0;
        using var timer = Provider.CreateTimer(_ => Interlocked.Increment(ref calls), null, TimeSpan.FromMilliseconds(200), Short);

        timer.Change(Never, Short).ShouldBeTrue();

        await PassTimeAsync(TimeSpan.FromMilliseconds(250));
        calls.ShouldBe(0);
    }

    [Fact]
    public async Task Change_FromWithinTheCallback_ArmsAgain()
    {
        using var called = new SemaphoreSlim(0);
        ITimer? timer = null;
        timer = Provider.CreateTimer(
            _ =>
            {
                called.Release();
                timer!.Change(Short, Never);
            },
            null,
            Never,
            Never);
        timer.Change(Short, Never);

        for (var i = 0; i < 5; i++)
        {
            (await called.WaitAsync(HangGuard)).ShouldBeTrue();
        }

        await timer.DisposeAsync();
    }

    // Lets everything that is due at the provider happen: a timer that was made later has fired by then.
    private Task PassTimeAsync(TimeSpan? time = null) => Task.Delay(time ?? TimeSpan.FromMilliseconds(20), Provider);
}
