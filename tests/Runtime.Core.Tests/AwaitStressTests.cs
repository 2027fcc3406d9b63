using System.Diagnostics;
using System.Runtime.CompilerServices;
using Xunit.Abstractions;

namespace Runtime.Core.Tests;

/// <summary>Cancellation against the very moment at which a wait ends: each await ends exactly once, with an outcome that can be true.</summary>
/// <remarks>A million of each within ten seconds; ten millions, however long they take, with ASYNCRUNTIME_LONG_TESTS=1.</remarks>
public sealed class AwaitStressTests(ITestOutputHelper output) : IAsyncLifetime
{
    private const int Batch = 4096;

    private static readonly bool IsLong = Environment.GetEnvironmentVariable("ASYNCRUNTIME_LONG_TESTS") is { Length: > 0 } and not "0";
    private static readonly int Count = IsLong ? 10_000_000 : 1_000_000;
    private static readonly TimeSpan MostTime = IsLong ? TimeSpan.FromHours(1) : TimeSpan.FromSeconds(10);

    private readonly AsyncRuntime _runtime = new(new AsyncRuntimeOptions { MaxReserveThreads = 0, WorkerThreads = 2, MaxWorkerThreads = 2 });
    private readonly int _seed = Random.Shared.Next();

    private static readonly TimeSpan ForEver = TimeSpan.FromHours(1);

    // One entry for each wait of a batch.
    private readonly Wait[] _waits = new Wait[Batch];

    // How many waits of the batch have not ended; and the batch's end.
    private int _left;
    private TaskCompletionSource _done = Waiting.NewSignal();

    // How far the batch has been started; read by the canceller.
    private int _started;

    public Task InitializeAsync() => _runtime.StartAsync();

    public async Task DisposeAsync() => await _runtime.DisposeAsync();

    [Fact]
    public Task Delay_CancelledAroundItsEnd_EndsExactlyOnce() => RunAsync(
        start: (wait, random) =>
        {
            // Some are so long that only the cancellation can end them: on a machine so busy that it always comes too late for the others, these have met it.
            wait.Length = wait.CanBeCancelled && random.Next(64) == 0 ? ForEver : TimeSpan.FromMilliseconds(1 + random.NextDouble());
            wait.StartedAt = Stopwatch.GetTimestamp();
            wait.Await(_runtime.Delay(wait.Length, wait.Source!.Token));
        },
        cancelAt: static (wait, random) => (wait.Length == ForEver ? TimeSpan.FromMilliseconds(1.5) : wait.Length) + TimeSpan.FromMilliseconds((random.NextDouble() * 2) - 1.5), // before, at and after the tick of the wheel
        check: wait =>
        {
            if (!wait.IsCancelled)
            {
                Stopwatch.GetElapsedTime(wait.StartedAt, wait.EndedAt).ShouldBeGreaterThanOrEqualTo(wait.Length, $"early, seed {_seed}");
            }
        });

    [Fact]
    public async Task RunAsync_CancelledAroundItsStart_EndsExactlyOnce()
    {
        var cancelled = 0L;
        var total = await RunAsync(
            start: (wait, _) =>
            {
                wait.StartedAt = Stopwatch.GetTimestamp();
                wait.Await(_runtime.RunAsync(
                    static (wait, token) =>
                    {
                        Interlocked.Increment(ref wait.Runs);
                        wait.SawToken = token.IsCancellationRequested;
                        return wait.SawToken ? ValueTask.FromCanceled(token) : ValueTask.CompletedTask;
                    },
                    wait,
                    options: null,
                    wait.Source!.Token));
            },
            cancelAt: static (_, random) => TimeSpan.FromMicroseconds(random.Next(300)),
            check: wait =>
            {
                wait.Runs.ShouldBe(wait.IsCancelled && !wait.SawToken ? 0 : 1, $"runs, seed {_seed}");
                cancelled += wait.IsCancelled ? 1 : 0;
            });

        var snapshot = _runtime.Snapshot();
        snapshot.Cancelled.ShouldBe(cancelled, $"seed {_seed}");
        snapshot.Finished.ShouldBe(snapshot.Accepted, $"seed {_seed}");
        snapshot.Accepted.ShouldBeGreaterThanOrEqualTo(total);
    }

    private async Task<long> RunAsync(Action<Wait, Random> start, Func<Wait, Random, TimeSpan> cancelAt, Action<Wait> check)
    {
        for (var i = 0; i < Batch; i++)
        {
            _waits[i] = new Wait(this);
        }

        var began = Stopwatch.GetTimestamp();
        var random = new Random(_seed);
        long total = 0;
        long cancelled = 0;
        while (total < Count && Stopwatch.GetElapsedTime(began) < MostTime)
        {
            _left = Batch;
            _done = Waiting.NewSignal();
            Volatile.Write(ref _started, 0);
            var canceller = Task.Factory.StartNew(
                () => CancelAll(cancelAt, new Random(_seed + (int)total)), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
            for (var i = 0; i < Batch; i++)
            {
                _waits[i].Reset(canBeCancelled: random.Next(8) != 0);
                start(_waits[i], random);
                Volatile.Write(ref _started, i + 1);
            }

            await canceller.Guarded();
            await _done.Task.Guarded();
            for (var i = 0; i < Batch; i++)
            {
                _waits[i].Check(_seed);
                check(_waits[i]);
                cancelled += _waits[i].IsCancelled ? 1 : 0;
            }

            total += Batch;
        }

        // A second end of any of them would have come by now or be on its way through a queue that this passes.
        await _runtime.Spawn(async ct => { await AsyncRuntime.Yield(); }).Guarded();
        _waits.ShouldAllBe(static wait => wait.Ends == 1, $"seed {_seed}");
        output.WriteLine($"{total:N0} waits, {cancelled:N0} cancelled, in {Stopwatch.GetElapsedTime(began).TotalSeconds:F1} s, seed {_seed}");
        cancelled.ShouldBeInRange(1, total - 1, $"seed {_seed}");
        return total;
    }

    private void CancelAll(Func<Wait, Random, TimeSpan> cancelAt, Random random)
    {
        for (var i = 0; i < Batch; i++)
        {
            while (Volatile.Read(ref _started) <= i)
            {
                Thread.Yield();
            }

            var wait = _waits[i];
            var when = cancelAt(wait, random);
            while (Stopwatch.GetElapsedTime(wait.StartedAt) < when)
            {
                Thread.Yield();
            }

            if (wait.CanBeCancelled)
            {
                Volatile.Write(ref wait.IsCancelRequested, true);
                wait.Source!.Cancel();
            }
        }
    }

    private void OnEnd()
    {
        if (Interlocked.Decrement(ref _left) == 0)
        {
            _done.SetResult();
        }
    }

    /// <summary>One wait and what became of it.</summary>
    private sealed class Wait
    {
        private readonly AwaitStressTests _owner;
        private readonly Action _onEnd;
        private ValueTask _task;

        public int Ends;
        public int Runs;
        public bool IsCancelRequested;

        public Wait(AwaitStressTests owner)
        {
            _owner = owner;
            _onEnd = OnEnd;
        }

        public CancellationTokenSource? Source { get; private set; }

        public bool CanBeCancelled { get; private set; }

        public bool SawToken { get; set; }

        public TimeSpan Length { get; set; }

        public long StartedAt { get; set; }

        public long EndedAt { get; private set; }

        public bool IsCancelled { get; private set; }

        public void Reset(bool canBeCancelled)
        {
            Source = new CancellationTokenSource();
            CanBeCancelled = canBeCancelled;
            Ends = 0;
            Runs = 0;
            IsCancelRequested = false;
            SawToken = false;
            IsCancelled = false;
        }

        public void Await(ValueTask task)
        {
            _task = task;
            var awaiter = task.GetAwaiter();
            if (awaiter.IsCompleted)
            {
                OnEnd();
            }
            else
            {
                awaiter.UnsafeOnCompleted(_onEnd);
            }
        }

        public void Check(int seed)
        {
            Ends.ShouldBe(1, $"seed {seed}");
            (IsCancelled && !IsCancelRequested).ShouldBeFalse($"cancelled by nobody, seed {seed}");
        }

        private void OnEnd()
        {
            EndedAt = Stopwatch.GetTimestamp();
            Interlocked.Increment(ref Ends);

            // An exception for each cancellation would take most of the time: only some are taken, the others are left to the garbage collector.
            IsCancelled = _task.IsCanceled;
            if (!IsCancelled || (RuntimeHelpers.GetHashCode(this) & 15) == 0)
            {
                try
                {
                    _task.GetAwaiter().GetResult();
                    IsCancelled.ShouldBeFalse();
                }
                catch (OperationCanceledException)
                {
                    IsCancelled = true;
                }
            }

            _owner.OnEnd();
        }
    }
}
