using static Runtime.Core.Tests.VirtualRuntime;

namespace Runtime.Core.Tests;

/// <summary>How a scope ends, and with what.</summary>
public sealed class TaskScopeTests : IDisposable
{
    private static readonly TaskScopeOptions Supervise = new() { FailureMode = TaskScopeFailureMode.Supervise };
    private readonly VirtualRuntime _runtime = new();

    public void Dispose() => _runtime.Dispose();

    [Fact]
    public void RunAsync_Children_HaveAllEndedWhenItEnds() => _runtime.Run(async () =>
    {
        var ended = 0;
        var tasks = new List<Task>();
        await TaskScope.RunAsync(_runtime.Executor, (scope, body) =>
        {
            for (var i = 1; i <= 10; i++)
            {
                var seconds = i;
                tasks.Add(scope.Spawn(async ct =>
                {
                    await _runtime.Delay(seconds, ct);
                    ended++;
                }));
            }

            return ValueTask.CompletedTask;
        });

        ended.ShouldBe(10);
        tasks.ShouldAllBe(static task => task.IsCompletedSuccessfully);
        _runtime.Clock.Elapsed.ShouldBe(TimeSpan.FromSeconds(10));
    });

    [Fact]
    public void RunAsync_WithAResult_ReturnsWhatTheBodyMadeOfTheChildren() => _runtime.Run(async () =>
    {
        var sum = await TaskScope.RunAsync(_runtime.Executor, async (scope, body) =>
        {
            var one = scope.Spawn(static async _ =>
            {
                await Task.Yield();
                return 1;
            });
            var two = scope.Spawn(static _ => ValueTask.FromResult(2));
            return await one + await two;
        });

        sum.ShouldBe(3);
    });

    [Fact]
    public void Failure_FailFast_CancelsTheSiblingsAndReportsAllFailuresTheFirstOneFirst() => _runtime.Run(async () =>
    {
        var scope = _runtime.Executor.OpenScope(new TaskScopeOptions { Name = "orders" });
        var waits = scope.Spawn(ct => new ValueTask(_runtime.Delay(100, ct)));
        var failsWhenCancelled = scope.Spawn(async ct =>
        {
            await _runtime.Delay(100, ct).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
            throw new FormatException("second");
        });
        var fails = scope.Spawn(async ct =>
        {
            await _runtime.Delay(1, ct);
            throw new InvalidTimeZoneException("first");
        });

        var failure = await ThrownBy<TaskScopeException>(scope.JoinAsync());

        failure.Message.ShouldBe("Work of the scope 'orders' failed, 2 times; the first failure is the first of these. (first) (second)");
        failure.InnerExceptions.Select(static inner => inner.Message).ShouldBe(["first", "second"]);
        failure.InnerException.ShouldBeOfType<InvalidTimeZoneException>();
        waits.IsCanceled.ShouldBeTrue();
        failsWhenCancelled.IsFaulted.ShouldBeTrue();
        fails.Exception!.InnerException.ShouldBeSameAs(failure.InnerException);
        _runtime.Clock.Elapsed.ShouldBe(TimeSpan.FromSeconds(1));
        (await ThrownBy<TaskScopeException>(scope.JoinAsync())).InnerExceptions.ShouldBe(failure.InnerExceptions);
    });

    [Fact]
    public void Failure_Supervise_LeavesTheOthersAlone() => _runtime.Run(async () =>
    {
        var others = 0;
        var failure = await ThrownBy<TaskScopeException>(TaskScope.RunAsync(
            _runtime.Executor,
            async (scope, ct) =>
            {
                _ = scope.Spawn(static _ => throw new FormatException("one"));
                _ = scope.Spawn(async ct =>
                {
                    await _runtime.Delay(5, ct);
                    others++;
                });
                _ = scope.Spawn(async ct =>
                {
                    await _runtime.Delay(3, ct);
                    throw new FormatException("two");
                });
                await _runtime.Delay(1, ct);
                others++;
            },
            Supervise));

        others.ShouldBe(2);
        failure.InnerExceptions.Select(static inner => inner.Message).ShouldBe(["one", "two"]);
    });

    [Theory]
    [InlineData(TaskScopeFailureMode.FailFast)]
    [InlineData(TaskScopeFailureMode.Supervise)]
    public void Body_Throws_CancelsTheChildrenInEveryMode(TaskScopeFailureMode mode) => _runtime.Run(async () =>
    {
        Task? child = null;
        var failure = await ThrownBy<TaskScopeException>(TaskScope.RunAsync(
            _runtime.Executor,
            async (scope, body) =>
            {
                child = scope.Spawn(ct => new ValueTask(_runtime.Delay(100, ct)));
                await Task.Yield();
                throw new FormatException("body");
            },
            new TaskScopeOptions { FailureMode = mode }));

        failure.InnerException!.Message.ShouldBe("body");
        failure.Message.ShouldBe("Work of the scope failed. (body)");
        child!.IsCanceled.ShouldBeTrue();
        _runtime.Clock.Elapsed.ShouldBe(TimeSpan.Zero);
    });

    [Fact]
    public void Cancellation_OfTheScopeItself_IsNoFailure() => _runtime.Run(async () =>
    {
        var scope = _runtime.Executor.OpenScope();
        var child = scope.Spawn(ct => new ValueTask(_runtime.Delay(100, ct)));
        await Task.Yield();

        scope.Cancel();
        await scope.JoinAsync();

        child.IsCanceled.ShouldBeTrue();
        await TaskScope.RunAsync(_runtime.Executor, async (scope, ct) =>
        {
            scope.Cancel();
            await _runtime.Delay(1, ct);
        });
        (await ThrownBy<OperationCanceledException>(TaskScope.RunAsync(_runtime.Executor, (scope, ct) =>
        {
            scope.Cancel();
            ct.ThrowIfCancellationRequested();
            return ValueTask.FromResult(1);
        }))).Message.ShouldBe("Cancel has interrupted the body of the scope: it has no result.");
    });

    [Fact]
    public void Cancellation_ThatIsNotTheScopes_IsAFailure() => _runtime.Run(async () =>
    {
        var failure = await ThrownBy<TaskScopeException>(TaskScope.RunAsync(_runtime.Executor, static (scope, body) =>
        {
            _ = scope.Spawn(static _ => throw new TaskCanceledException("a time-out of its own"));
            return ValueTask.CompletedTask;
        }));

        failure.InnerException.ShouldBeOfType<TaskCanceledException>();
    });

    [Fact]
    public void Cancellation_OfOneChild_EndsThatChildOnly() => _runtime.Run(async () =>
    {
        using var source = new CancellationTokenSource();
        await using var scope = _runtime.Executor.OpenScope();
        var one = scope.Spawn(ct => new ValueTask(_runtime.Delay(2, ct)), options: null, source.Token);
        var other = scope.Spawn(ct => new ValueTask(_runtime.Delay(2, ct)));
        var unstarted = scope.Spawn(static _ => ValueTask.CompletedTask, options: null, new CancellationToken(canceled: true));
        await _runtime.Delay(1);

        source.Cancel(); // not CancelAsync, which leaves the thread
        await scope.JoinAsync();

        one.IsCanceled.ShouldBeTrue();
        unstarted.IsCanceled.ShouldBeTrue();
        other.IsCompletedSuccessfully.ShouldBeTrue();
    });

    [Fact]
    public void Deadline_Passes_CancelsAndSaysSo() => _runtime.Run(async () =>
    {
        var options = new TaskScopeOptions { Name = "search", Deadline = TimeSpan.FromSeconds(2) };

        var failure = await ThrownBy<TimeoutException>(TaskScope.RunAsync(_runtime.Executor, (scope, ct) => new ValueTask(_runtime.Delay(9, ct)), options));

        failure.Message.ShouldBe("The deadline of the scope 'search', 00:00:02, passed before its work had ended; the rest has been cancelled.");
        _runtime.Clock.Elapsed.ShouldBe(TimeSpan.FromSeconds(2));
        var none = new TaskScopeOptions { Deadline = TimeSpan.Zero };
        await ThrownBy<TimeoutException>(TaskScope.RunAsync(
            _runtime.Executor,
            static (scope, body) =>
            {
                _ = scope.Spawn(static _ => throw new FormatException("must not start"));
                return ValueTask.CompletedTask;
            },
            none));
    });

    [Fact]
    public void Deadline_PassesWhenAllIsDone_StopsNothingAndSaysNothing() => _runtime.Run(async () =>
    {
        await TaskScope.RunAsync(
            _runtime.Executor,
            (scope, body) =>
            {
                _ = scope.Spawn(_ => new ValueTask(_runtime.Delay(5))); // does not look at its token
                return ValueTask.CompletedTask;
            },
            new TaskScopeOptions { Deadline = TimeSpan.FromSeconds(2) });

        _runtime.Clock.Elapsed.ShouldBe(TimeSpan.FromSeconds(5));
        _runtime.Clock.PendingTimers.ShouldBe(0);
    });

    [Fact]
    public void CancelledFromOutside_CancelsTheChildrenAndNamesTheToken() => _runtime.Run(async () =>
    {
        using var source = new CancellationTokenSource(TimeSpan.FromSeconds(1), _runtime.Clock);

        var failure = await ThrownBy<OperationCanceledException>(TaskScope.RunAsync(
            _runtime.Executor,
            (scope, body) =>
            {
                _ = scope.Spawn(ct => new ValueTask(_runtime.Delay(9, ct)));
                return ValueTask.CompletedTask;
            },
            options: null,
            source.Token));

        failure.CancellationToken.ShouldBe(source.Token);
        failure.Message.ShouldBe("The work of the scope has been cancelled from outside.");
        await TaskScope.RunAsync(_runtime.Executor, static (_, _) => ValueTask.CompletedTask, options: null, source.Token); // nothing there to stop
    });

    [Fact]
    public void Dispose_WithoutAJoin_CancelsWaitsAndThrowsNothing() => _runtime.Run(async () =>
    {
        Task waits;
        Task fails;
        TaskScope scope;
        await using (scope = _runtime.Executor.OpenScope())
        {
            waits = scope.Spawn(ct => new ValueTask(_runtime.Delay(9, ct)));
            fails = scope.Spawn(async ct =>
            {
                await _runtime.Delay(9, ct).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
                await _runtime.Delay(3, CancellationToken.None);
                throw new FormatException("while it is disposed of");
            });
            await Task.Yield();
        }

        waits.IsCanceled.ShouldBeTrue();
        fails.IsFaulted.ShouldBeTrue();
        scope.Failures.ShouldHaveSingleItem().Message.ShouldBe("while it is disposed of");
        _runtime.Clock.Elapsed.ShouldBe(TimeSpan.FromSeconds(3));
        await scope.DisposeAsync();
    });

    [Fact]
    public void Registration_OnTheTokenThrows_IsAFailureOfTheScope() => _runtime.Run(async () =>
    {
        var scope = _runtime.Executor.OpenScope();
        _ = scope.Spawn(async ct =>
        {
            ct.Register(static () => throw new FormatException("registration"));
            await _runtime.Delay(9, ct);
        });
        await Task.Yield();

        scope.Cancel();

        (await ThrownBy<TaskScopeException>(scope.JoinAsync())).InnerException!.Message.ShouldBe("registration");
    });

    [Fact]
    public void Spawn_NotAwaited_SpawnerRefuses_LeavesNothingBehind() => _runtime.Run(async () =>
    {
        await using var stopped = new AsyncRuntime(new AsyncRuntimeOptions { WorkerThreads = 1 });
        var scope = stopped.OpenScope();

        Should.Throw<RuntimeNotRunningException>(() => { _ = scope.Spawn(static _ => ValueTask.CompletedTask); });

        await scope.JoinAsync();
    });

    [Fact]
    public void Options_OutOfRange_SayTheRule()
    {
        Message(new TaskScopeOptions { Deadline = TimeSpan.FromTicks(-1) }).ShouldStartWith(
            "Deadline must be from zero to 4294967294 ms; it is counted from the opening on. Leave it out for none.");
        Message(new TaskScopeOptions { FailureMode = (TaskScopeFailureMode)7 }).ShouldStartWith("FailureMode must be one of FailFast, Supervise.");
        Message(new TaskScopeOptions { MaxConcurrency = -1 }).ShouldStartWith("MaxConcurrency must be zero or more; zero is no limit.");

        string Message(TaskScopeOptions options) => Should.Throw<ArgumentOutOfRangeException>(() => _runtime.Executor.OpenScope(options)).Message;
    }
}
