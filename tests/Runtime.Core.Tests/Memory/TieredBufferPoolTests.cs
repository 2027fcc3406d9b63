using System.IO.Pipelines;
using System.Text;
using Runtime.Core.Memory;

namespace Runtime.Core.Tests.Memory;

public sealed class TieredBufferPoolTests : IDisposable
{
    private readonly TieredBufferPool _pool = new();

    public void Dispose() => _pool.Dispose();

    [Theory]
    [InlineData(-1, 4096)]
    [InlineData(0, 64)]
    [InlineData(1, 64)]
    [InlineData(64, 64)]
    [InlineData(65, 128)]
    [InlineData(1024, 1024)]
    [InlineData(1025, 2048)]
    [InlineData(65_536, 65_536)]
    [InlineData(65_537, 131_072)]
    [InlineData(1 << 20, 1 << 20)]
    [InlineData((1 << 20) + 1, (1 << 20) + 1)]
    [InlineData(3_000_001, 3_000_001)]
    public void Rent_Size_GivesTheNextPowerOfTwoUpToAMegabyte(int asked, int given)
    {
        using var owner = _pool.Rent(asked);

        owner.Memory.Length.ShouldBe(given);
        owner.Memory.Span.Fill(1);
    }

    [Theory]
    [InlineData(-2)]
    [InlineData(int.MinValue)]
    [InlineData(int.MaxValue)]
    public void Rent_SizeOutOfRange_SaysTheRange(int size) =>
        Should.Throw<ArgumentOutOfRangeException>(() => _pool.Rent(size)).Message.ShouldStartWith($"The size must be -1, for 4096, or from 0 to {Array.MaxLength}.");

    [Fact]
    public void Rent_OnAnyThread_BuffersAreNobodyElses()
    {
        var owners = Enumerable.Range(0, 1_000).Select(i => _pool.Rent(100 + i)).ToList();
        owners.ForEach(owner => owner.Memory.Span.Fill((byte)owners.IndexOf(owner)));

        for (var i = 0; i < owners.Count; i++)
        {
            owners[i].Memory.Span.IndexOfAnyExcept((byte)i).ShouldBe(-1);
            owners[i].Dispose();
        }
    }

    [Fact]
    public void Dispose_Twice_ThrowsAndCounts()
    {
        var owner = _pool.Rent(100);
        owner.Dispose();

        Should.Throw<InvalidOperationException>(owner.Dispose).Message.ShouldBe(
            "A buffer of 128 bytes was returned twice. Whoever rents a buffer disposes its owner once and then forgets it: by the second time it may be somebody else's. "
            + "Set DetectMisuse to find every such place.");
        Should.Throw<ObjectDisposedException>(() => owner.Memory).Message.ShouldContain("A buffer of 128 bytes was used after its owner had been disposed.");
        _pool.Snapshot().DoubleReturns.ShouldBe(1);
    }

    [Fact]
    public void RentAndReturn_Warm_AllocatesNothing()
    {
        foreach (var size in new[] { 10, 1_000, 4_096, 60_000, 1_000_000 })
        {
            // The least of several: a collection in between gives the rest of the thread's allocation buffer back, which counts as allocated.
            var least = long.MaxValue;
            for (var round = 0; round < 10; round++)
            {
                var before = GC.GetAllocatedBytesForCurrentThread();
                Use(size);
                least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
            }

            least.ShouldBe(0, $"at {size} bytes");
        }

        void Use(int size)
        {
            for (var i = 0; i < 200; i++)
            {
                using var first = _pool.Rent(size);
                using var second = _pool.Rent(size);
                first.Memory.Span[0] = second.Memory.Span[0];
            }
        }
    }

    [Fact]
    public void RentHere_ReturnThere_TheyComeBackByTheBatch()
    {
        for (var round = 0; round < 10; round++)
        {
            var owners = Enumerable.Range(0, 1_000).Select(_ => _pool.Rent(512)).ToList();
            OnThread(() => owners.ForEach(static owner => owner.Dispose()));
        }

        var small = _pool.Snapshot().Tiers[(int)BufferTier.Small];
        small.Rents.ShouldBe(10_000);
        small.Outstanding.ShouldBe(0);
        small.Misses.ShouldBeLessThan(40, "1,000 were needed, in batches of 64, of which the first of each is a miss");
        _pool.Snapshot().PeakBytes.ShouldBeLessThan(3_000 * 512);
    }

    [Fact]
    public void Snapshot_OfEachTier_TellsWhatIsRented()
    {
        using var small = _pool.Rent(10);
        using var medium = _pool.Rent(5_000);
        using var medium2 = _pool.Rent(5_000);
        using var large = _pool.Rent(100_000);
        using var huge = _pool.Rent(5_000_000);

        var snapshot = _pool.Snapshot();

        snapshot.Tiers.Select(static tier => (tier.Tier, tier.Outstanding, tier.OutstandingBytes)).ShouldBe(
            [(BufferTier.Small, 1, 64), (BufferTier.Medium, 2, 2 * 8_192), (BufferTier.Large, 2, 131_072 + 5_000_000)]);
        snapshot.RentedBytes.ShouldBe(64 + (2 * 8_192) + 131_072 + 5_000_000);
        snapshot.AllocatedBytes.ShouldBeGreaterThanOrEqualTo(snapshot.RentedBytes);
        snapshot.Tiers[(int)BufferTier.Medium].HitRate.ShouldBe(0.5);
    }

    [Fact]
    public void ClearOnReturn_Set_TheNextOneFindsZeros()
    {
        _pool.Reconfigure(new BufferPoolOptions { ClearOnReturn = true });
        for (var i = 0; i < 100; i++)
        {
            using var owner = _pool.Rent(256);
            if (i > 70)
            {
                owner.Memory.Span.IndexOfAnyExcept((byte)0).ShouldBe(-1); // by now one that came back
            }

            owner.Memory.Span.Fill(7);
        }
    }

    [Fact]
    public void MaxRetainedBytes_Passed_TheRestIsLetGo()
    {
        _pool.Reconfigure(new BufferPoolOptions { MaxRetainedBytes = 1 << 20 });
        var owners = Enumerable.Range(0, 20).Select(_ => _pool.Rent(1 << 20)).ToList();

        owners.ForEach(static owner => owner.Dispose());

        var snapshot = _pool.Snapshot();
        (snapshot.AllocatedBytes, snapshot.TrimmedBytes, snapshot.RentedBytes).ShouldBe((1 << 20, 19 << 20, 0));
    }

    [Fact]
    public void Trim_EverythingReturned_HoldsNothing_WhateverThreadsKeep()
    {
        using var done = new ManualResetEventSlim();
        using var trimmed = new ManualResetEventSlim();
        var thread = new Thread(() =>
        {
            Array.ForEach([.. Enumerable.Range(0, 50).Select(_ => _pool.Rent(2_000))], static owner => owner.Dispose());
            done.Set();
            trimmed.Wait();
        });
        thread.Start();
        done.Wait();
        _pool.Rent(300).Dispose();

        _pool.Trim();

        _pool.Snapshot().AllocatedBytes.ShouldBe(0);
        _pool.Rent(300).Dispose(); // and it still works
        trimmed.Set();
        thread.Join();
    }

    /// <summary>Between the end of a thread and its finalizer, and while that runs, what the thread did is in the figures, once.</summary>
    [Fact]
    public void Snapshot_ThreadsHaveEnded_TheirFiguresAreNeverLostNorThereTwice()
    {
        for (var threads = 1; threads <= 50; threads++)
        {
            OnThread(() => _pool.Rent(700).Dispose());
            for (var look = 0; look < 3; look++)
            {
                GC.Collect(); // and its finalizers run beside the looks
                var small = _pool.Snapshot().Tiers[0];
                (small.Rents, small.Outstanding).ShouldBe((threads, 0));
            }
        }
    }

    [Fact]
    public void Thread_HasEnded_WhatItKeptComesBack()
    {
        OnThread(() => _pool.Rent(700).Dispose());
        _pool.Snapshot().AllocatedBytes.ShouldBe(64 * 1_024);

        SpinWait.SpinUntil(
            () =>
            {
                GC.Collect();
                GC.WaitForPendingFinalizers();
                return _pool.CacheCount == 0;
            },
            Waiting.HangGuard).ShouldBeTrue();

        _pool.Rent(700).Dispose();
        var small = _pool.Snapshot().Tiers[0];
        (small.Rents, small.Misses, small.Outstanding).ShouldBe((2, 1, 0));
        _pool.Snapshot().AllocatedBytes.ShouldBe(64 * 1_024);
    }

    [Fact]
    public void Dispose_Pool_RentsThrow_ReturnsAreLetGo()
    {
        var outstanding = _pool.Rent(100);

        _pool.Dispose();
        outstanding.Dispose();

        Should.Throw<ObjectDisposedException>(() => _pool.Rent(100_000));
        Should.Throw<ObjectDisposedException>(() => _pool.Rent(100));
        _pool.Snapshot().AllocatedBytes.ShouldBe(0);
    }

    [Theory]
    [InlineData(-1, 0, BufferExhaustion.Allocate, "MaxRetainedBytes must be from 0 to 1099511627776.")]
    [InlineData(0, 1, BufferExhaustion.Allocate, "MaxBytes must be 0, for no bound, or from 1048576 to 1099511627776.")]
    [InlineData(0, 0, (BufferExhaustion)9, "WhenExhausted must be one of Allocate, Wait, Throw.")]
    public void Reconfigure_BadValue_SaysTheRule_AndChangesNothing(long retained, long most, BufferExhaustion exhaustion, string message)
    {
        Should.Throw<ArgumentOutOfRangeException>(() => _pool.Reconfigure(new BufferPoolOptions { MaxRetainedBytes = retained, MaxBytes = most, WhenExhausted = exhaustion }))
            .Message.ShouldStartWith(message);

        _pool.Snapshot().MaxBytes.ShouldBe(0);
    }

    [Fact]
    public async Task Pipe_OnThePool_CarriesEverythingAndGivesItBack()
    {
        var pipe = new Pipe(new PipeOptions(_pool, minimumSegmentSize: 512, useSynchronizationContext: false));
        var text = string.Concat(Enumerable.Range(0, 20_000).Select(static i => i.ToString(System.Globalization.CultureInfo.InvariantCulture) + ","));
        var writing = Task.Run(async () =>
        {
            await pipe.Writer.WriteAsync(Encoding.ASCII.GetBytes(text));
            await pipe.Writer.CompleteAsync();
        });
        using var reader = new StreamReader(pipe.Reader.AsStream(), Encoding.ASCII);

        (await reader.ReadToEndAsync().Guarded()).ShouldBe(text);

        await writing.Guarded();
        await pipe.Reader.CompleteAsync();
        _pool.Snapshot().RentedBytes.ShouldBe(0);
        _pool.Snapshot().Tiers.Sum(static tier => tier.Rents).ShouldBeGreaterThan(0);
    }

    private static void OnThread(Action action)
    {
        var thread = new Thread(() => action());
        thread.Start();
        thread.Join();
    }
}
