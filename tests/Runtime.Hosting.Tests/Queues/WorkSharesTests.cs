using Runtime.Core;
using Runtime.Hosting.Queues;
using Xunit.Abstractions;

namespace Runtime.Hosting.Tests.Queues;

/// <summary>The turns of share keys in the lanes, without a queue around them.</summary>
public sealed class WorkSharesTests(ITestOutputHelper output) : IAsyncLifetime
{
    private readonly WorkLanes _lanes = new(WorkPlace.Lanes);
    private QueueRig _rig = null!;
    private long _sequence;

    public async Task InitializeAsync()
    {
        _rig = await QueueRig.StartAsync(log: false);
        SetWeights([]);
    }

    public Task DisposeAsync() => _rig.DisposeAsync().AsTask();

    [Fact]
    public void Take_OneKeyHasABacklog_AnotherKeyIsNextButOne()
    {
        Add("a", 100);
        Add("b", 1);

        Take(3).ShouldBe("aba");
    }

    [Fact]
    public void Take_Weights_AreTheRatioOfTurns()
    {
        SetWeights(["a=3", "b=2"]);
        Add("a", 60);
        Add("b", 60);
        Add("c", 60);

        var taken = Take(60);

        (taken.Count(static key => key == 'a'), taken.Count(static key => key == 'b'), taken.Count(static key => key == 'c')).ShouldBe((30, 20, 10));
    }

    [Fact]
    public void Take_WithinAKey_IsFirstInFirstOut_AndWithoutKeysToo()
    {
        var keyed = Add("a", 3);
        var plain = Add(null, 3);

        List<WorkHandle> order = [];
        while (TakeOne() is { } item)
        {
            order.Add(item);
        }

        order.ShouldBe([keyed[0], plain[0], keyed[1], plain[1], keyed[2], plain[2]]);
    }

    [Fact]
    public void Take_AKeyThatAlwaysComesBackAtOnce_GetsNoMoreThanItsShare()
    {
        Add("a", 20);
        Add("b", 1);
        var taken = "";
        for (var i = 0; i < 20; i++)
        {
            var key = Take(1);
            taken += key;
            if (key == "b")
            {
                Add("b", 1);
            }
        }

        taken.Count(static key => key == 'b').ShouldBe(10);
    }

    [Fact]
    public void Take_AStreamOfNewKeys_StarvesNobody()
    {
        Add("a", 2);
        Take(1);
        var turns = 0;
        for (; turns < 10; turns++)
        {
            Add($"{turns}", 1);
            if (Take(1) == "a")
            {
                break;
            }
        }

        turns.ShouldBeLessThanOrEqualTo(1);
    }

    [Fact]
    public void Take_IdleKey_SavesNothingUp()
    {
        Add("a", 50);
        Take(20);
        Add("b", 20);

        Take(10).Count(static key => key == 'b').ShouldBe(5);
    }

    [Fact]
    public void Take_ItemsWithoutAKeyComeLater_SaveNothingUpEither()
    {
        SetWeights(["a=10"]);
        Add(null, 1);
        Add("a", 100);
        Take(51);
        Add(null, 1);

        Take(9).ShouldBe(new string('a', 9));
    }

    [Fact]
    public void Remove_TheLastItemOfAKey_ForgetsTheKey()
    {
        var items = Enumerable.Range(0, 1000).SelectMany(i => Add($"{i}", 2)).ToList();
        _lanes.ShareKeysOf((int)TaskPriority.Normal).ShouldBe(1000);

        foreach (var item in items.Where(static (_, i) => i % 3 != 0))
        {
            _lanes.Remove(item); // as a cancel does
        }

        Take(items.Count);
        _lanes.ShareKeysOf((int)TaskPriority.Normal).ShouldBe(0);
        _lanes.Count.ShouldBe(0);
    }

    [Fact]
    public void Take_RandomArrivalsAndCancels_BackloggedKeysStayWithinTheBound()
    {
        var seed = Environment.TickCount;
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        for (var round = 0; round < 20; round++)
        {
            var weights = Enumerable.Range(0, random.Next(2, 8)).Select(_ => random.Next(1, 10)).ToArray();
            SetWeights([.. weights.Select(static (weight, key) => $"{(char)('a' + key)}={weight}")]);
            var waiting = weights.Select(static _ => new List<WorkHandle>()).ToArray();
            var turns = new double[weights.Length];
            for (var step = 0; step < 500; step++)
            {
                for (var key = 0; key < weights.Length; key++)
                {
                    waiting[key].AddRange(Add($"{(char)('a' + key)}", waiting[key].Count < 3 ? 5 : random.Next(2))); // always a backlog
                }

                Add($"z{random.Next(50)}", random.Next(2)); // and others that come and go
                Add(null, random.Next(2));
                if (random.Next(4) == 0)
                {
                    var of = waiting[random.Next(waiting.Length)];
                    var gone = of[random.Next(of.Count)];
                    of.Remove(gone);
                    _lanes.Remove(gone);
                }

                var taken = TakeOne()!;
                if (taken.Options.ShareKey is { Length: 1 } name)
                {
                    var key = name[0] - 'a';
                    taken.ShouldBe(waiting[key][0], "first in, first out within a key");
                    waiting[key].RemoveAt(0);
                    turns[key]++;
                }

                ShouldBeFair(turns, weights);
            }

            Take(int.MaxValue);
        }
    }

    private static void ShouldBeFair(double[] turns, int[] weights)
    {
        for (var one = 0; one < turns.Length; one++)
        {
            for (var other = 0; other < one; other++)
            {
                var apart = Math.Abs((turns[one] / weights[one]) - (turns[other] / weights[other]));
                apart.ShouldBeLessThanOrEqualTo((1.0 / weights[one]) + (1.0 / weights[other]) + 1e-9);
            }
        }
    }

    private void SetWeights(string[] texts) => _lanes.SetWeights(ShareWeights.Parse(texts));

    private List<WorkHandle> Add(string? key, int count)
    {
        List<WorkHandle> added = [];
        for (var i = 0; i < count; i++)
        {
            var item = new TokenWork(_rig.Queue, static ct => ValueTask.CompletedTask, new EnqueueOptions { ShareKey = key }) { Sequence = ++_sequence, LanePriority = TaskPriority.Normal };
            item.EnsureExtras();
            _lanes.Add(item);
            added.Add(item);
        }

        return added;
    }

    private WorkHandle? TakeOne()
    {
        if (!_lanes.TryPeek(now: 0, threshold: 1, out var best))
        {
            return null;
        }

        _lanes.OnTurn(best.Item);
        _lanes.Remove(best.Item);
        return best.Item;
    }

    private string Take(int count)
    {
        var keys = "";
        for (; count > 0 && TakeOne() is { } item; count--)
        {
            keys += item.Options.ShareKey;
        }

        return keys;
    }
}
