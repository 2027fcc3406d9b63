namespace Runtime.Core.Tests.Stress;

/// <summary>Every way in which an item changes hands, most hand-offs where they are cheap.</summary>
internal static class HandOffScenarios
{
    private const long Million = 1_000_000;

    private static readonly Mix Posts = new((Way.Post, 1));

    // What a worker can do without asking for anything slow.
    private static readonly (Way, int)[] Everything =
    [
        (Way.Post, 120), (Way.PostDelegate, 30), (Way.Schedule, 10), (Way.Spawn, 30), (Way.SpawnUrgent, 10), (Way.Yield, 40), (Way.YieldUrgent, 5),
        (Way.Wake, 20), (Way.WakeFromOutside, 5),
    ];

    public static IReadOnlyList<HandOffScenario> All { get; } =
    [
        new("own slot", 12 * Million, static run => run.PostAll(run.AddCarriers(2, Posts))) { Reaches = static seen => seen.SlotRuns > 0 },
        new("own ring", 16 * Million, static run => run.PostAll(run.AddCarriers(200, Posts))) { Reaches = static seen => seen.LocalRuns > 0 },
        new("rings and injector", 12 * Million, static run => run.PostAll(run.AddCarriers(10_000, Posts))) { Reaches = static seen => seen.Injected > 2_048 },
        new("injector and spill", 6 * Million, static run => run.PostAll(run.AddCarriers(10_000, Posts)))
        {
            Options = new AsyncRuntimeOptions { WorkerThreads = 2, EnableWorkStealing = false },
            Reaches = static seen => seen is { Injected: > 2_048, Steals: 0 },
        },
        new("overflow", 12 * Million, static run => AddFans(run, fans: 4, leaves: 400)) { Reaches = static seen => seen.Overflows > 0 },
        new("more workers than processors", 8 * Million, static run => AddFans(run, fans: 8, leaves: 60))
        {
            Options = new AsyncRuntimeOptions { WorkerThreads = 8 },
            Reaches = static seen => seen.Steals > 0,
        },
        new("yields", 14 * Million, static run => run.PostAll(run.AddCarriers(300, new Mix((Way.Yield, 1))))),
        new("one producer", 6 * Million, static run => AddProducers(run, 1, new ProducerHabits(Window: 6_000, MostAtOnce: 300))),
        new("several producers", 6 * Million, static run => AddProducers(run, 3, new ProducerHabits(Window: 2_000, MostAtOnce: 40))),
        // One producer that waits, and no second worker or one: whoever else came along would find the item whose wake-up was lost.
        new("parks and wake-ups of one worker", 150_000, static run => AddProducers(run, 1, new ProducerHabits(Window: 200, MostAtOnce: 3, Pauses: true)))
        {
            Options = new AsyncRuntimeOptions { WorkerThreads = 1 },
            Reaches = static seen => seen.Parks > 1_000,
        },
        new("parks and wake-ups of two workers", 150_000, static run => AddProducers(run, 1, new ProducerHabits(Window: 200, MostAtOnce: 3, Pauses: true)))
        {
            Reaches = static seen => seen.Parks > 1_000,
        },
        new("woken continuations", 6 * Million, static run => run.PostAll(run.AddCarriers(100, new Mix((Way.Wake, 3), (Way.WakeFromOutside, 1))))),
        new("priorities and deadlines", 4 * Million, static run => run.PostAll(run.AddCarriers(200, new Mix((Way.SpawnUrgent, 2), (Way.YieldUrgent, 1), (Way.Post, 3)))))
        {
            Options = new AsyncRuntimeOptions { WorkerThreads = 2, StarvationThreshold = TimeSpan.FromMilliseconds(2) },
        },
        new("blocked workers", 2 * Million, static run => run.PostAll(run.AddCarriers(100, new Mix([.. Everything, (Way.Block, 1)]))))
        {
            Reaches = static seen => seen.Blocked > 0,
        },
        new("everything, reconfigured", 5 * Million, Reconfigured),
    ];

    private static void AddFans(HandOffRun run, int fans, int leaves)
    {
        var all = Enumerable.Range(0, fans).Select(_ =>
        {
            var fan = run.Account.Add(new Fan(run, run.Account.NextId, leaves, Math.Max(1, run.HandOffs / fans / leaves)));
            foreach (var leaf in fan.Leaves)
            {
                run.Account.Add(leaf);
            }

            return fan;
        }).ToArray();
        run.PostAll(all);
    }

    private static void AddProducers(HandOffRun run, int count, ProducerHabits habits)
    {
        var producers = Enumerable.Range(0, count).Select(_ => new Producer(run, habits, run.HandOffs / count)).ToArray();
        foreach (var producer in producers)
        {
            run.StartThread(producer.Produce);
        }
    }

    private static void Reconfigured(HandOffRun run)
    {
        var carriers = run.AddCarriers(500, new Mix([.. Everything, (Way.Block, 1)]));
        var random = new Random(run.NextSeed());
        run.StartThread(() =>
        {
            while (!run.Over.WaitHandle.WaitOne(random.Next(5)))
            {
                run.Runtime.Reconfigure(new AsyncRuntimeOptions
                {
                    WorkerThreads = random.Next(1, 9),
                    MaxWorkerThreads = 8,
                    EnableWorkStealing = random.Next(3) != 0,
                    EnablePriorityScheduling = random.Next(3) != 0,
                    StarvationThreshold = TimeSpan.FromMilliseconds(random.Next(1, 50)),
                });
            }
        });
        run.PostAll(carriers);
    }
}
