using static Runtime.Core.Tests.Timing.RuntimeTimers;

namespace Runtime.Core.Tests.Timing;

// What the class library builds on a time provider.
public abstract partial class TimerConformanceTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(70)]
    public async Task Delay_OnTheProvider_Completes(int milliseconds)
    {
        await Task.Delay(TimeSpan.FromMilliseconds(milliseconds), Provider).WaitAsync(HangGuard);
    }

    [Fact]
    public async Task Delay_Cancelled_EndsAsCancelled()
    {
        using var source = new CancellationTokenSource();
        var delay = Task.Delay(Long, Provider, source.Token);

        await source.CancelAsync();

        await Should.ThrowAsync<OperationCanceledException>(delay.WaitAsync(HangGuard));
    }

    [Fact]
    public async Task WaitAsync_OnTheProvider_TimesOut()
    {
        var never = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

        await Should.ThrowAsync<TimeoutException>(never.Task.WaitAsync(Short, Provider).WaitAsync(HangGuard));
    }

    [Fact]
    public async Task PeriodicTimer_OnTheProvider_TicksAndTakesANewPeriod()
    {
        using var timer = new PeriodicTimer(Long, Provider);
        timer.Period = Short;

        for (var i = 0; i < 10; i++)
        {
            (await timer.WaitForNextTickAsync().AsTask().WaitAsync(HangGuard)).ShouldBeTrue();
        }

        var last = timer.WaitForNextTickAsync();
        timer.Dispose();
        await last;
        (await timer.WaitForNextTickAsync()).ShouldBeFalse();
    }

    [Fact]
    public async Task PeriodicTimer_Cancelled_EndsTheWaitAndTicksOn()
    {
        using var source = new CancellationTokenSource();
        using var timer = new PeriodicTimer(Long, Provider);
        var tick = timer.WaitForNextTickAsync(source.Token).AsTask();

        await source.CancelAsync();

        await Should.ThrowAsync<OperationCanceledException>(tick.WaitAsync(HangGuard));
        timer.Period = Short;
        (await timer.WaitForNextTickAsync().AsTask().WaitAsync(HangGuard)).ShouldBeTrue();
    }

    [Fact]
    public async Task CancellationTokenSource_OnTheProvider_IsCancelledInTime()
    {
        using var source = new CancellationTokenSource(Short, Provider);
        var cancelled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var registration = source.Token.Register(cancelled.SetResult);

        await cancelled.Task.WaitAsync(HangGuard);
    }

    [Fact]
    public async Task CancellationTokenSource_WithCancelAfter_TakesTheNewTime()
    {
        using var source = new CancellationTokenSource(Long, Provider);
        var cancelled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var registration = source.Token.Register(cancelled.SetResult);

        source.CancelAfter(Never);
        source.IsCancellationRequested.ShouldBeFalse();
        source.CancelAfter(Short);

        await cancelled.Task.WaitAsync(HangGuard);
    }

    [Fact]
    public async Task CreateTimer_ManyOfAllLengths_CallBackOnceEach()
    {
        var seed = Random.Shared.Next();
        var random = new Random(seed);
        var calls = new int[ManyTimers];
        using var all = new CountdownEvent(ManyTimers);
        var timers = new List<ITimer>(ManyTimers);
        for (var i = 0; i < ManyTimers; i++)
        {
            timers.Add(Provider.CreateTimer(
                index =>
                {
                    Interlocked.Increment(ref calls[(int)index!]);
                    all.Signal();
                },
                i,
                TimeSpan.FromMilliseconds(random.Next(300)),
                Never));
        }

        all.Wait(HangGuard).ShouldBeTrue($"seed {seed}");
        await PassTimeAsync();
        calls.ShouldAllBe(count => count == 1, $"seed {seed}");
        timers.ForEach(timer => timer.Dispose());
    }
}
