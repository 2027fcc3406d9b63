using Runtime.Core.Scheduling;
using Runtime.Core.Tests.Scheduling;

namespace Runtime.Core.Tests.Concurrency;

/// <summary>Short histories of the real queues on real threads, many of them, each explained by a queue without concurrency.</summary>
public sealed class QueueLinearizabilityTests
{
    private const int Rounds = 3_000;

    [Fact]
    public void Checker_HistoriesThatCanAndCannotBe_TellsThemApart()
    {
        QueueOperation push1 = new(QueueOperationKind.Push, [1], 1, 2), push2 = new(QueueOperationKind.Push, [2], 3, 6);
        QueueOperation take1 = new(QueueOperationKind.Take, [1], 4, 5), take2 = new(QueueOperationKind.Take, [2], 7, 8);
        QueueOperation early2 = new(QueueOperationKind.Take, [2], 4, 5), empty = new(QueueOperationKind.FindEmpty, [], 4, 5);

        LinearizabilityChecker.IsLinearizable([push1, push2, take1, take2]).ShouldBeTrue();
        LinearizabilityChecker.IsLinearizable([push1, push2, early2]).ShouldBeFalse("1 is before 2 in the queue");
        LinearizabilityChecker.IsLinearizable([push1, empty]).ShouldBeFalse("1 is in the queue");
        LinearizabilityChecker.IsLinearizable([push2, empty]).ShouldBeTrue("the push had not ended");
    }

    [Fact]
    public Task LocalQueue_OwnerAndTwoThieves_IsAQueue() => Run(3, static (random, history) =>
    {
        var queue = new LocalQueue();
        var overflow = new Injector(static _ => throw new InvalidOperationException("The injector is open."));
        var loot = new[] { new LocalQueue(), new LocalQueue(), new LocalQueue() };
        var steps = Steps(random);
        var next = 0;
        return thread =>
        {
            foreach (var step in steps[thread])
            {
                if (thread != 0)
                {
                    history.Take(thread, () => Steal(queue, loot[thread]));
                }
                else if (step < 3)
                {
                    var item = ++next;
                    history.Push(0, [item], () => queue.Push(Entry(item), overflow));
                }
                else
                {
                    history.Take(0, () => queue.TryPop(out var entry) ? [IdOf(entry)] : []);
                }
            }
        };
    });

    [Fact]
    public Task Injector_TwoProducersAndTwoConsumers_IsAQueue() => Run(4, static (random, history) =>
    {
        var injector = new Injector(static _ => throw new InvalidOperationException("The injector is open."));
        var steps = Steps(random);
        return thread =>
        {
            for (var i = 0; i < steps[thread].Length; i++)
            {
                var count = steps[thread][i] % 2 + 1;
                if (thread < 2)
                {
                    var items = Enumerable.Range(0, count).Select(n => (thread * 1_000) + (i * 10) + n).ToArray();
                    history.Push(thread, items, () => injector.PushMany(items.Select(Entry).ToArray()));
                }
                else
                {
                    // What is behind an item in transit is not to be had: an empty take says nothing.
                    history.Take(thread, () => TakeSome(injector, count));
                }
            }
        };
    });

    private static async Task Run(int threads, Func<Random, QueueHistory, Action<int>> start)
    {
        var seed = Environment.TickCount;
        var random = new Random(seed);
        var history = new QueueHistory(threads);
        var body = start(random, history);
        string? failure = null;

        // All threads start a round at once, so that their operations overlap; between two rounds one of them judges and prepares.
        using var barrier = new Barrier(threads, ended =>
        {
            if (failure is null && !LinearizabilityChecker.IsLinearizable(history.All))
            {
                failure = $"seed {seed}, round {ended.CurrentPhaseNumber}\n{history}";
            }

            history = new QueueHistory(threads);
            body = start(random, history);
        });
        await Task.WhenAll(Enumerable.Range(0, threads).Select(thread => Task.Factory.StartNew(
            () =>
            {
                for (var round = 0; round < Rounds && failure is null; round++)
                {
                    body(thread);
                    barrier.SignalAndWait(Waiting.HangGuard).ShouldBeTrue();
                }
            },
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default))).Guarded();

        failure.ShouldBeNull();
    }

    private static int[][] Steps(Random random) =>
        [.. Enumerable.Range(0, 4).Select(_ => Enumerable.Range(0, 4).Select(_ => random.Next(5)).ToArray())];

    private static QueueEntry Entry(int id) => new(new TestItem(id), ReadyStamp.Coarse());

    private static int IdOf(QueueEntry entry) => ((TestItem)entry.Item).Id;

    private static IReadOnlyList<int>? Steal(LocalQueue victim, LocalQueue into)
    {
        switch (victim.Visitor.StealInto(into, out var first, out _))
        {
            case StealResult.Success:
                List<int> items = [IdOf(first)];
                while (into.TryPop(out var entry))
                {
                    items.Add(IdOf(entry));
                }

                return items;
            case StealResult.Empty:
                return [];
            default:
                return null; // a lost race says nothing
        }
    }

    private static IReadOnlyList<int>? TakeSome(Injector injector, int most)
    {
        var entries = new QueueEntry[most];
        var count = injector.Take(entries);
        return count == 0 ? null : [.. entries.Take(count).Select(IdOf)];
    }
}
