using System.Runtime.CompilerServices;
using static Runtime.Core.Tests.VirtualRuntime;

namespace Runtime.Core.Tests;

/// <summary>When children may come, when they run, and how scopes nest.</summary>
public sealed class TaskScopeChildrenTests : IDisposable
{
    private readonly VirtualRuntime _runtime = new();

    public void Dispose() => _runtime.Dispose();

    [Fact]
    public void Spawn_AfterTheEnd_SaysThatNothingIsLeft() => _runtime.Run(async () =>
    {
        var scope = _runtime.Executor.OpenScope(new TaskScopeOptions { Name = "x" });
        await scope.JoinAsync();

        Should.Throw<InvalidOperationException>(() => { _ = scope.Spawn(static _ => ValueTask.CompletedTask); }).Message.ShouldBe(
            "There is nothing left of the scope 'x': it has been joined or disposed of, and all its children have ended. "
            + "Spawn before the end of JoinAsync, or open another scope.");
        Should.Throw<InvalidOperationException>(() => scope.OpenScope());
    });

    [Fact]
    public void Spawn_ByChildrenWhileTheScopeIsJoined_IsWaitedForToo() => _runtime.Run(async () =>
    {
        var ended = 0;
        await TaskScope.RunAsync(_runtime.Executor, (scope, body) =>
        {
            async ValueTask Child(int depth, CancellationToken ct)
            {
                await _runtime.Delay(1, ct);
                if (depth > 0)
                {
                    _ = scope.Spawn(ct => Child(depth - 1, ct));
                    _ = scope.Spawn(ct => Child(depth - 1, ct));
                }

                ended++;
            }

            return Child(5, default);
        });

        ended.ShouldBe(63);
        _runtime.Clock.Elapsed.ShouldBe(TimeSpan.FromSeconds(6));
    });

    [Fact]
    public void Spawn_DuringACancellation_EndsAsCancelledWithoutAStart() => _runtime.Run(async () =>
    {
        Task? sibling = null;
        var scope = _runtime.Executor.OpenScope();
        _ = scope.Spawn(async ct =>
        {
            await _runtime.Delay(9, ct).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
            sibling = scope.Spawn(MustNotStart);
            sibling.IsCanceled.ShouldBeTrue();
        });
        await Task.Yield();

        scope.Cancel();
        await scope.JoinAsync();

        (sibling is { IsCanceled: true }).ShouldBeTrue();
    });

    [Fact]
    public void Cancel_ChildrenThatHaveNotStarted_EndAtOnce() => _runtime.Run(async () =>
    {
        var scope = _runtime.Executor.OpenScope();
        var child = scope.Spawn(MustNotStart);

        scope.Cancel();

        child.IsCanceled.ShouldBeTrue();
        await scope.JoinAsync();
    });

    [Fact]
    public void MaxConcurrency_ManyChildren_RunsThatManyInTheOrderOfTheSpawns() => _runtime.Run(async () =>
    {
        var (running, most) = (0, 0);
        var started = new List<int>();
        await TaskScope.RunAsync(
            _runtime.Executor,
            (scope, body) =>
            {
                for (var i = 0; i < 20; i++)
                {
                    var number = i;
                    _ = scope.Spawn(async ct =>
                    {
                        started.Add(number);
                        most = Math.Max(most, ++running);
                        await _runtime.Delay(1, ct);
                        running--;
                    });
                }

                return ValueTask.CompletedTask;
            },
            new TaskScopeOptions { MaxConcurrency = 3 });

        most.ShouldBe(3);
        started.ShouldBe(Enumerable.Range(0, 20));
        _runtime.Clock.Elapsed.ShouldBe(TimeSpan.FromSeconds(7));
    });

    [Fact]
    public void MaxConcurrency_FailureOrCancellation_SettlesThoseThatWait() => _runtime.Run(async () =>
    {
        var scope = _runtime.Executor.OpenScope(new TaskScopeOptions { MaxConcurrency = 1 });
        _ = scope.Spawn(async ct =>
        {
            await _runtime.Delay(1, ct);
            throw new FormatException();
        });
        var waiting = Enumerable.Range(0, 10_000).Select(_ => scope.Spawn(MustNotStart)).ToArray();

        (await ThrownBy<TaskScopeException>(scope.JoinAsync())).InnerExceptions.Count.ShouldBe(1);

        waiting.ShouldAllBe(static task => task.IsCanceled);
    });

    [Fact]
    public void MaxConcurrency_AChildThatHadToWait_RunsInTheContextOfItsSpawn() => _runtime.Run(async () =>
    {
        var local = new AsyncLocal<string>();
        var seen = new List<string?>();
        await using var scope = _runtime.Executor.OpenScope(new TaskScopeOptions { MaxConcurrency = 1 });
        foreach (var name in new[] { "first", "second", "third" })
        {
            local.Value = name;
            _ = scope.Spawn(async ct =>
            {
                seen.Add(local.Value);
                local.Value = "left behind";
                await _runtime.Delay(1, ct);
            });
        }

        await scope.JoinAsync();

        seen.ShouldBe(["first", "second", "third"]);
    });

    [Fact]
    public void Nested_InheritsCancellationAndDeadline() => _runtime.Run(async () =>
    {
        await ThrownBy<TimeoutException>(TaskScope.RunAsync(
            _runtime.Executor,
            async (outer, body) =>
            {
                outer.Remaining.ShouldBe(TimeSpan.FromSeconds(5));
                await using var inner = outer.OpenScope(new TaskScopeOptions { Deadline = TimeSpan.FromSeconds(50) });
                await using var innermost = inner.OpenScope();
                await _runtime.Delay(2);
                innermost.Remaining.ShouldBe(TimeSpan.FromSeconds(3));
                _ = innermost.Spawn(ct => new ValueTask(_runtime.Delay(100, ct)));
                (await ThrownBy<OperationCanceledException>(innermost.JoinAsync())).CancellationToken.ShouldBe(inner.CancellationToken);
                throw new OperationCanceledException();
            },
            new TaskScopeOptions { Deadline = TimeSpan.FromSeconds(5) }));

        _runtime.Clock.Elapsed.ShouldBe(TimeSpan.FromSeconds(5));
    });

    [Fact]
    public void Nested_ItsChildren_AreWaitedForByTheOuterOne() => _runtime.Run(async () =>
    {
        var ended = false;
        var outer = _runtime.Executor.OpenScope();
        var inner = outer.OpenScope().OpenScope();
        _ = inner.Spawn(async ct =>
        {
            await _runtime.Delay(3, ct);
            ended = true;
        });

        await outer.JoinAsync();

        ended.ShouldBeTrue();
        Should.Throw<InvalidOperationException>(() => { _ = inner.Spawn(static _ => ValueTask.CompletedTask); });
        await inner.JoinAsync();
    });

    [Fact]
    public void Nested_Fails_TheOuterOneGoesOn() => _runtime.Run(async () =>
    {
        await TaskScope.RunAsync(_runtime.Executor, async (outer, body) =>
        {
            var sibling = outer.Spawn(async ct =>
            {
                await _runtime.Delay(5, ct);
                return 5;
            });
            await ThrownBy<TaskScopeException>(TaskScope.RunAsync(outer, static (inner, body) =>
            {
                _ = inner.Spawn(static _ => throw new FormatException());
                return ValueTask.CompletedTask;
            }));

            (await sibling).ShouldBe(5);
        });
    });

    [Fact]
    public void Scope_AsASpawner_GivesItsTokenAndClock() => _runtime.Run(async () =>
    {
        await using var scope = _runtime.Executor.OpenScope();
        ITaskSpawner spawner = scope;

        spawner.Stopping.ShouldBe(scope.CancellationToken);
        spawner.TimeProvider.ShouldBeSameAs(_runtime.Clock);
        (await spawner.Spawn(static _ => ValueTask.FromResult(1))).ShouldBe(1);
    });

    [Fact]
    public void Failures_ThatAJoinHasReported_AreNotReportedAsUnobserved()
    {
        var unobserved = new List<string>();
        void OnUnobserved(object? sender, UnobservedTaskExceptionEventArgs e)
        {
            lock (unobserved)
            {
                unobserved.AddRange(e.Exception.InnerExceptions.OfType<OwnException>().Select(static inner => inner.Message));
            }
        }

        TaskScheduler.UnobservedTaskException += OnUnobserved;
        try
        {
            Fail("joined", join: true);
            Fail("not joined", join: false);
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }
        finally
        {
            TaskScheduler.UnobservedTaskException -= OnUnobserved;
        }

        unobserved.ShouldBe(["not joined"]);
    }

    private static ValueTask MustNotStart(CancellationToken cancellationToken) => throw new FormatException("must not start");

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Fail(string message, bool join)
    {
        using var runtime = new VirtualRuntime();
        runtime.Run(async () =>
        {
            await using var scope = runtime.Executor.OpenScope();
            _ = scope.Spawn(_ => throw new OwnException(message));
            await Task.Yield();
            await Task.Yield();
            if (join)
            {
                await ThrownBy<TaskScopeException>(scope.JoinAsync());
            }
        });
    }

    // So that what other tests leave unobserved does not count here.
    private sealed class OwnException(string message) : Exception(message);
}
