using System.Buffers;
using System.Collections.Concurrent;
using Runtime.Core.Memory;

namespace Runtime.Core.Tests.Memory;

/// <summary>Threads rent, hand on and return at random, while others trim and change the bounds: no buffer is ever two people's, and at the end all of them are accounted for.</summary>
public sealed class BufferStressTests
{
    // ASYNCRUNTIME_LONG_TESTS=1: ten minutes, for fragmentation and drift.
    private static readonly TimeSpan Length = Environment.GetEnvironmentVariable("ASYNCRUNTIME_LONG_TESTS") == "1" ? TimeSpan.FromMinutes(10) : TimeSpan.FromSeconds(3);

    [Fact]
    public void RandomLoad_ManyThreads_NothingIsSharedAndNothingIsLost()
    {
        var seed = Environment.TickCount;
        using var pool = new TieredBufferPool(new BufferPoolOptions { MaxRetainedBytes = 4 << 20, MaxBytes = 64 << 20, WhenExhausted = BufferExhaustion.Allocate });
        var handed = new ConcurrentQueue<(IMemoryOwner<byte> Owner, byte Mark)>();
        var failures = new ConcurrentQueue<string>();
        var until = TimeProvider.System.GetTimestamp() + (long)(Length.TotalSeconds * TimeProvider.System.TimestampFrequency);
        var threads = Enumerable.Range(0, 4).Select(id => new Thread(() =>
        {
            var random = new Random(seed + id);
            var mine = new List<(IMemoryOwner<byte> Owner, byte Mark)>();
            while (TimeProvider.System.GetTimestamp() < until && failures.IsEmpty)
            {
                var mark = (byte)random.Next(256);
                var owner = pool.Rent(random.Next(8) == 0 ? random.Next(1 << 21) : random.Next(1 << random.Next(4, 16)));
                Mark(owner, mark);
                mine.Add((owner, mark));
                while (mine.Count > 50 || (mine.Count > 0 && random.Next(2) == 0))
                {
                    var at = random.Next(mine.Count);
                    var taken = mine[at];
                    mine.RemoveAt(at);
                    if (random.Next(2) == 0)
                    {
                        handed.Enqueue(taken);
                    }
                    else
                    {
                        Return(taken);
                    }
                }

                if (handed.TryDequeue(out var others))
                {
                    Return(others);
                }
            }

            mine.ForEach(Return);
        })).ToList();
        threads.ForEach(static thread => thread.Start());
        var trims = 0;
        while (TimeProvider.System.GetTimestamp() < until)
        {
            pool.Trim();
            pool.Reconfigure(new BufferPoolOptions { MaxRetainedBytes = (trims % 3) << 20, MaxBytes = (32 + (trims % 32)) << 20, WhenExhausted = BufferExhaustion.Allocate });
            trims++;
            Thread.Yield();
        }

        threads.ForEach(static thread => thread.Join());
        while (handed.TryDequeue(out var left))
        {
            Return(left);
        }

        failures.ShouldBeEmpty($"seed {seed}");
        trims.ShouldBeGreaterThan(10);
        var snapshot = pool.Snapshot();
        (snapshot.RentedBytes, snapshot.DoubleReturns, snapshot.Tiers.Sum(static tier => tier.Outstanding)).ShouldBe((0, 0, 0), $"seed {seed}");
        snapshot.PeakBytes.ShouldBeLessThanOrEqualTo(64 << 20);
        pool.Trim();
        pool.Snapshot().AllocatedBytes.ShouldBe(0, $"seed {seed}: trimmed while nobody uses it, the pool holds nothing");

        void Return((IMemoryOwner<byte> Owner, byte Mark) rented)
        {
            var span = rented.Owner.Memory.Span;
            if (span[0] != rented.Mark || span[^1] != rented.Mark || span[span.Length / 2] != rented.Mark)
            {
                failures.Enqueue($"a buffer of {span.Length} bytes was somebody else's too");
            }

            rented.Owner.Dispose();
        }

        static void Mark(IMemoryOwner<byte> owner, byte mark)
        {
            var span = owner.Memory.Span;
            span[0] = span[^1] = span[span.Length / 2] = mark;
        }
    }
}
