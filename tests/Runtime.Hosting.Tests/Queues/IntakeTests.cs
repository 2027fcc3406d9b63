using Runtime.Hosting.Queues;

namespace Runtime.Hosting.Tests.Queues;

/// <summary>The ring between enqueues and pumps, on its own: claims and items of which some are held up in between.</summary>
public sealed class IntakeTests : IAsyncLifetime
{
    // As many as the ring holds.
    private const int Slots = 1024;

    private Intake _intake = Intake.NewClosed();
    private QueueRig _rig = null!;

    public async Task InitializeAsync()
    {
        _rig = await QueueRig.StartAsync(log: false);
        _intake.Open();
    }

    public Task DisposeAsync() => _rig.DisposeAsync().AsTask();

    [Fact]
    public void TryClaim_ClosedContestedOrWithoutAPlace_Refuses()
    {
        _intake.TryClaim(1, out _).ShouldBeTrue();
        _intake.TryClaim(1, out _).ShouldBeFalse();
        _intake.SetContested(contested: true);
        _intake.TryClaim(10, out _).ShouldBeFalse();
        _intake.SetContested(contested: false);
        _intake.Close();
        _intake.TryClaim(10, out _).ShouldBeFalse();
        _intake.Reserved.ShouldBe(1);
        _intake.Open();
        _intake.TryClaim(10, out _).ShouldBeTrue();
        _intake.Return(2);
        _intake.Reserved.ShouldBe(0);
    }

    [Fact]
    public void TryCollect_ClaimNotYetPublished_GoesPastItAndComesBackForIt()
    {
        _intake.TryClaim(10, out var first).ShouldBeTrue();
        var late = Item();
        var (second, third) = (Push(), Push());

        Collect().ShouldBe([second, third]);
        _intake.IsEmpty.ShouldBeTrue();
        Collect().ShouldBeEmpty();

        _intake.Publish(first, late);
        var fourth = Push();
        Collect().ShouldBe([late, fourth]);
        Collect().ShouldBeEmpty();
    }

    [Fact]
    public void TryClaim_RingFullBehindAClaimThatIsHeldUp_RefusesUntilItIsCollected()
    {
        _intake.TryClaim(int.MaxValue / 2, out var held).ShouldBeTrue();
        for (var i = 1; i < Slots; i++)
        {
            _ = Push();
        }

        _intake.TryClaim(int.MaxValue / 2, out _).ShouldBeFalse();
        Collect().Count.ShouldBe(Slots - 1);
        _intake.TryClaim(int.MaxValue / 2, out _).ShouldBeFalse("the slot of the held-up claim would be given out a second time");

        var late = Item();
        _intake.Publish(held, late);
        Collect().ShouldBe([late]);
        for (var i = 0; i < Slots; i++)
        {
            _ = Push();
        }

        Collect().Count.ShouldBe(Slots);
    }

    [Fact]
    public void TryCollect_SeveralClaimsHeldUp_EachComesOnceInWhateverOrderTheyAreFilled()
    {
        var indices = new uint[3];
        foreach (ref var index in indices.AsSpan())
        {
            _intake.TryClaim(100, out index).ShouldBeTrue();
        }

        var (a, b, c) = (Item(), Item(), Item());
        Collect().ShouldBeEmpty();
        _intake.Publish(indices[1], b);
        Collect().ShouldBe([b]);
        _intake.Publish(indices[2], c);
        _intake.Publish(indices[0], a);
        Collect().ShouldBe([a, c]);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(null)]
    public async Task Stress_ProducersAndCollector_EachItemOnceAndInTheOrderOfItsProducer(int? fixedSeed)
    {
        var seed = fixedSeed ?? Environment.TickCount;
        const int Producers = 4;
        const int Items = 50_000;
        var owners = new Dictionary<WorkHandle, (int Producer, int Number)>(ReferenceEqualityComparer.Instance);
        var items = new WorkHandle[Producers][];
        for (var p = 0; p < Producers; p++)
        {
            items[p] = [.. Enumerable.Range(0, Items).Select(_ => Item())];
            for (var i = 0; i < Items; i++)
            {
                owners.Add(items[p][i], (p, i));
            }
        }

        // Some producers stop between claim and publication, so that the collector meets gaps.
        var producers = Enumerable.Range(0, Producers).Select(p => Task.Run(() =>
        {
            var random = new Random(seed + p);
            foreach (var item in items[p])
            {
                uint index;
                while (!_intake.TryClaim(Slots / 2, out index))
                {
                    Thread.Yield();
                }

                if (random.Next(64) == 0)
                {
                    Thread.SpinWait(random.Next(200));
                }

                _intake.Publish(index, item);
            }
        })).ToArray();

        var next = new int[Producers];
        for (var left = Producers * Items; left > 0;)
        {
            var collected = Collect();
            left -= collected.Count;
            _intake.Return(collected.Count);
            foreach (var item in collected)
            {
                var (producer, number) = owners[item];
                number.ShouldBe(next[producer]++, $"seed {seed}, producer {producer}");
            }

            if (collected.Count == 0)
            {
                producers.Any(p => p.IsFaulted).ShouldBeFalse($"seed {seed}");
                Thread.Yield();
            }
        }

        await Task.WhenAll(producers);
        Collect().ShouldBeEmpty();
        _intake.Reserved.ShouldBe(0);
    }

    private WorkHandle Item() => new TokenWork(_rig.Queue, static _ => default, options: null);

    private WorkHandle Push()
    {
        var item = Item();
        _intake.TryClaim(int.MaxValue / 2, out var index).ShouldBeTrue();
        _intake.Publish(index, item);
        return item;
    }

    private List<WorkHandle> Collect()
    {
        List<WorkHandle> items = [];
        if (_intake.BeginCollect())
        {
            while (_intake.TryCollect(out var item))
            {
                items.Add(item);
            }

            _intake.EndCollect();
        }

        return items;
    }
}
