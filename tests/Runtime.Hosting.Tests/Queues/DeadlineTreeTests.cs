using Runtime.Hosting.Queues;
using Xunit.Abstractions;

namespace Runtime.Hosting.Tests.Queues;

public sealed class DeadlineTreeTests(ITestOutputHelper output)
{
    [Fact]
    public void Before_RandomAddsAndRemoves_IsWhatAListSays()
    {
        var seed = Environment.TickCount;
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        var tree = new DeadlineTree();
        var list = new List<Entry>();
        for (var step = 0; step < 5000; step++)
        {
            if (list.Count > 0 && random.Next(100) < (step < 2500 ? 40 : 55))
            {
                var gone = list[random.Next(list.Count)];
                list.Remove(gone);
                tree.Remove(gone.Deadline, gone.Sequence);
            }
            else
            {
                var added = new Entry(random.Next(50), step, random.Next(1, 100), random.Next(100), random.Next(5000));
                list.Add(added);
                tree.Add(added.Deadline, added.Sequence, added.Work, added.Variance, added.LatestEnd);
            }

            if (random.Next(500) == 0)
            {
                tree.Servers = random.Next(1, 9);
            }

            ShouldBeLike(list, tree, random.Next(-1, 52));
        }
    }

    [Fact]
    public void Before_Nothing_IsNoWorkAndSlackWithoutEnd()
    {
        new DeadlineTree().Before(1).ShouldBe(new DeadlineTree.Ahead(0, 0, double.PositiveInfinity));
    }

    [Fact]
    public void AddBeforeRemove_Warm_AllocateNothing()
    {
        var tree = new DeadlineTree();
        Fill(tree);
        Empty(tree);

        var before = GC.GetAllocatedBytesForCurrentThread();
        Fill(tree);
        Empty(tree);

        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBe(0);

        static void Fill(DeadlineTree tree)
        {
            for (var i = 0; i < 1000; i++)
            {
                tree.Add(i * 7919 % 1000, i, 1, 1, i);
                tree.Before(i);
            }
        }

        static void Empty(DeadlineTree tree)
        {
            for (var i = 0; i < 1000; i++)
            {
                tree.Remove(i * 7919 % 1000, i);
            }
        }
    }

    private static void ShouldBeLike(List<Entry> list, DeadlineTree tree, long deadline)
    {
        var work = 0.0;
        var variance = 0.0;
        var slack = double.PositiveInfinity;
        var upTo = 0.0;
        foreach (var entry in list.OrderBy(static entry => entry.Deadline).ThenBy(static entry => entry.Sequence))
        {
            upTo += entry.Work;
            if (entry.Deadline <= deadline)
            {
                work += entry.Work;
                variance += entry.Variance;
            }
            else
            {
                slack = Math.Min(slack, (entry.LatestEnd * tree.Servers) - upTo);
            }
        }

        tree.Before(deadline).ShouldBe(new DeadlineTree.Ahead(work, variance, slack)); // whole numbers: no rounding
        tree.Count.ShouldBe(list.Count);
        tree.Work.ShouldBe(upTo);
    }

    private sealed record Entry(long Deadline, long Sequence, double Work, double Variance, double LatestEnd);
}
