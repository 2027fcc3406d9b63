using Runtime.Benchmarks.Queue;
using Runtime.Core;

namespace Runtime.Benchmarks.Scheduler.Studies;

/// <summary>One of the two systems that a study compares.</summary>
internal abstract class Side(string name) : IAsyncDisposable
{
    public string Name => name;

    /// <summary>Hands a delegate over from outside and forgets it.</summary>
    public abstract void Post<T>(Action<T> action, T state);

    /// <summary>Starts a task that counts down, awaits the gate, and counts down again.</summary>
    public abstract void SpawnSuspended(Task gate, Countdown suspended, Countdown resumed);

    /// <summary>Makes so many objects that are queue nodes themselves.</summary>
    /// <returns>What posts them all, without allocating.</returns>
    public abstract Action PrepareItems(int count, RoundCounter counter);

    public abstract ValueTask DisposeAsync();

    public static async Task<IReadOnlyList<Side>> StartAsync(RuntimeSettings settings) =>
        [new RuntimeSide(await RuntimeInstance.StartAsync(settings)), new PoolSide()];

    private sealed class RuntimeSide(RuntimeInstance instance) : Side(RuntimeContender.ContenderName)
    {
        public override void Post<T>(Action<T> action, T state) => instance.Runtime.Post(action, state);

        public override void SpawnSuspended(Task gate, Countdown suspended, Countdown resumed) => _ = instance.Runtime.Spawn(async token =>
        {
            suspended.Hit();
            await gate;
            resumed.Hit();
        });

        public override Action PrepareItems(int count, RoundCounter counter)
        {
            Item[] items = [.. Enumerable.Range(0, count).Select(_ => new Item(counter))];
            return () => Array.ForEach(items, item => instance.Runtime.Post(item));
        }

        public override ValueTask DisposeAsync() => instance.DisposeAsync();

        private sealed class Item(RoundCounter counter) : WorkItem
        {
            protected override void Execute() => counter.Hit();
        }
    }

    private sealed class PoolSide() : Side(PoolContender.ContenderName)
    {
        public override void Post<T>(Action<T> action, T state) => ThreadPool.QueueUserWorkItem(action, state, preferLocal: false);

        public override void SpawnSuspended(Task gate, Countdown suspended, Countdown resumed) => _ = Task.Run(async () =>
        {
            suspended.Hit();
            await gate;
            resumed.Hit();
        });

        public override Action PrepareItems(int count, RoundCounter counter)
        {
            Item[] items = [.. Enumerable.Range(0, count).Select(_ => new Item(counter))];
            return () => Array.ForEach(items, item => ThreadPool.UnsafeQueueUserWorkItem(item, preferLocal: false));
        }

        public override ValueTask DisposeAsync() => default;

        private sealed class Item(RoundCounter counter) : IThreadPoolWorkItem
        {
            public void Execute() => counter.Hit();
        }
    }
}
