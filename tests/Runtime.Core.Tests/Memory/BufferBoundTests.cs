using System.Buffers;
using Runtime.Core.Memory;

namespace Runtime.Core.Tests.Memory;

/// <summary>A pool at its bound.</summary>
public sealed class BufferBoundTests
{
    private const int Bound = 1 << 20;
    private const int Half = Bound / 2;

    [Fact]
    public void Rent_Throw_SaysWhatWasAskedAndWhatThereIs()
    {
        using var pool = Pool(BufferExhaustion.Throw);
        using var first = pool.Rent(Half);
        using var second = pool.Rent(Half);

        var error = Should.Throw<BufferPoolExhaustedException>(() => pool.Rent(100));

        error.Message.ShouldBe(
            "A buffer of 128 bytes was asked for; 1048576 bytes are in use, and MaxBytes is 1048576. "
            + "Return buffers sooner, raise MaxBytes, or set WhenExhausted to Allocate, or to Wait and use RentAsync.");
        (error.Requested, error.Allocated, error.Bound).ShouldBe((128, Bound, Bound));
        pool.Snapshot().AllocatedBytes.ShouldBe(Bound);
    }

    [Fact]
    public void Rent_Allocate_IsServedFromOutside()
    {
        using var pool = Pool(BufferExhaustion.Allocate);
        using var all = pool.Rent(Bound);

        using (var extra = pool.Rent(5_000))
        {
            extra.Memory.Length.ShouldBe(8_192);
            pool.Snapshot().Fallbacks.ShouldBe(1);
        }

        pool.Snapshot().AllocatedBytes.ShouldBe(Bound);
    }

    [Fact]
    public void Rent_OtherSizesAreKept_TheyGiveWay()
    {
        using var pool = Pool(BufferExhaustion.Throw);
        Array.ForEach([.. Enumerable.Range(0, 400).Select(_ => pool.Rent(1_024))], static owner => owner.Dispose()); // some with this thread, some in common
        pool.Rent(Half).Dispose();

        using var all = pool.Rent(Bound);

        pool.Snapshot().AllocatedBytes.ShouldBe(Bound);
    }

    [Fact]
    public void Rent_WhatAnotherThreadKeeps_GivesWay()
    {
        using var pool = Pool(BufferExhaustion.Throw);
        using var kept = new ManualResetEventSlim();
        using var end = new ManualResetEventSlim();
        var thread = new Thread(() =>
        {
            pool.Rent(65_536).Dispose();
            kept.Set();
            end.Wait();
        });
        thread.Start();
        kept.Wait();

        pool.Rent(Bound).Dispose();

        end.Set();
        thread.Join();
    }

    [Fact]
    public async Task RentAsync_Wait_IsServedInOrder_BigOnesToo()
    {
        using var pool = Pool(BufferExhaustion.Wait);
        var first = await pool.RentAsync(Half);
        var second = await pool.RentAsync(Half);
        var big = pool.RentAsync(Bound).AsTask();
        var small = pool.RentAsync(64).AsTask();

        first.Dispose();
        (big.IsCompleted, small.IsCompleted).ShouldBe((false, false), "half of it is free, and the first in line wants all");
        pool.Snapshot().Waiting.ShouldBe(2);

        second.Dispose();
        using (await big.Guarded())
        {
            small.IsCompleted.ShouldBeFalse();
        }

        (await small.Guarded()).Dispose();
        pool.Snapshot().Waiting.ShouldBe(0);
    }

    [Fact]
    public async Task RentAsync_Cancelled_LeavesTheLine()
    {
        using var pool = Pool(BufferExhaustion.Wait);
        var half = await pool.RentAsync(Half);
        using var other = await pool.RentAsync(Half);
        using var cancellation = new CancellationTokenSource();
        var big = pool.RentAsync(Bound, cancellation.Token).AsTask();
        var small = pool.RentAsync(Half).AsTask();
        half.Dispose();
        small.IsCompleted.ShouldBeFalse();

        await cancellation.CancelAsync();

        (await Should.ThrowAsync<OperationCanceledException>(big.Guarded())).CancellationToken.ShouldBe(cancellation.Token);
        (await small.Guarded()).Dispose();
    }

    [Fact]
    public async Task Dispose_SomebodyWaits_TheWaitFails()
    {
        var pool = Pool(BufferExhaustion.Wait);
        using var all = await pool.RentAsync(Bound);
        var waiting = pool.RentAsync(100).AsTask();

        pool.Dispose();

        await Should.ThrowAsync<ObjectDisposedException>(waiting.Guarded());
    }

    [Fact]
    public async Task Reconfigure_BoundIsRaised_WhoeverWaitsIsServed()
    {
        using var pool = Pool(BufferExhaustion.Wait);
        using var all = await pool.RentAsync(Bound);
        var waiting = pool.RentAsync(100).AsTask();

        pool.Reconfigure(new BufferPoolOptions { MaxBytes = 2 * Bound, WhenExhausted = BufferExhaustion.Wait });

        (await waiting.Guarded()).Dispose();
    }

    [Fact]
    public async Task Reconfigure_BoundBecomesLessThanTheFirstInLineWants_ItIsRefusedAndTheOthersAreServed()
    {
        using var pool = new TieredBufferPool(new BufferPoolOptions { MaxBytes = 4 * Bound, WhenExhausted = BufferExhaustion.Wait });
        var all = await pool.RentAsync(4 * Bound);
        var big = pool.RentAsync(2 * Bound).AsTask();
        var small = pool.RentAsync(100).AsTask();

        pool.Reconfigure(new BufferPoolOptions { MaxBytes = Bound, WhenExhausted = BufferExhaustion.Wait });

        var error = await Should.ThrowAsync<BufferPoolExhaustedException>(big.Guarded());
        (error.Requested, error.Bound).ShouldBe((2 * Bound, Bound));
        all.Dispose();
        (await small.Guarded()).Dispose();
        pool.Snapshot().Waiting.ShouldBe(0);
    }

    [Fact]
    public async Task Reconfigure_ToAllocate_WhoeverWaitsIsServedFromOutside()
    {
        using var pool = Pool(BufferExhaustion.Wait);
        using var all = await pool.RentAsync(Bound);
        var waiting = pool.RentAsync(100).AsTask();

        pool.Reconfigure(new BufferPoolOptions { MaxBytes = Bound, WhenExhausted = BufferExhaustion.Allocate });

        (await waiting.Guarded()).Dispose();
        (pool.Snapshot().Fallbacks, pool.Snapshot().AllocatedBytes).ShouldBe((1, Bound));
    }

    [Fact]
    public async Task Reconfigure_ToThrow_WhoeverWaitsIsRefused()
    {
        using var pool = Pool(BufferExhaustion.Wait);
        using var all = await pool.RentAsync(Bound);
        var waiting = pool.RentAsync(100).AsTask();

        pool.Reconfigure(new BufferPoolOptions { MaxBytes = Bound, WhenExhausted = BufferExhaustion.Throw });

        await Should.ThrowAsync<BufferPoolExhaustedException>(waiting.Guarded());
        pool.Snapshot().Waiting.ShouldBe(0);
    }

    [Fact]
    public void Snapshot_ServedFromOutside_IsNotCountedAsThePoolsOwn()
    {
        using var pool = Pool(BufferExhaustion.Allocate);
        var all = pool.Rent(Bound);
        var small = pool.Rent(5_000);
        var large = pool.Rent(2 * Bound);

        var snapshot = pool.Snapshot();
        (snapshot.RentedBytes, snapshot.AllocatedBytes, snapshot.RetainedBytes).ShouldBe((Bound, Bound, 0));
        snapshot.Tiers.Sum(static tier => tier.OutstandingBytes).ShouldBe((3 * Bound) + 8_192);

        all.Dispose();
        snapshot = pool.Snapshot();
        (snapshot.RentedBytes, snapshot.RetainedBytes).ShouldBe((0, Bound));

        small.Dispose();
        large.Dispose();
        snapshot = pool.Snapshot();
        (snapshot.RentedBytes, snapshot.AllocatedBytes, snapshot.Tiers.Sum(static tier => tier.OutstandingBytes)).ShouldBe((0, Bound, 0));
    }

    [Fact]
    public void RentAsync_MoreThanTheBound_IsRefusedAtOnce()
    {
        using var pool = Pool(BufferExhaustion.Wait);

        Should.Throw<ArgumentOutOfRangeException>(() => pool.RentAsync(Bound + 1)).Message.ShouldStartWith(
            "The size must be -1, for 4096, or from 0 to what MaxBytes allows, which is 1048576.");
    }

    [Fact]
    public void Rent_Wait_CannotWait_AndThrows()
    {
        using var pool = Pool(BufferExhaustion.Wait);
        using var all = pool.Rent(Bound);

        Should.Throw<BufferPoolExhaustedException>(() => pool.Rent(1));
    }

    /// <summary>Many tasks with random sizes at a bound they all press against: it holds at every moment, buffers are nobody else's, and all are served.</summary>
    [Fact]
    public async Task RentAsync_RandomLoadAtTheBound_HoldsAndServesAll()
    {
        var seed = Environment.TickCount;
        using var pool = Pool(BufferExhaustion.Wait);
        var passed = 0;
        var tasks = Enumerable.Range(0, 16).Select(id => Task.Run(async () =>
        {
            var random = new Random(seed + id);
            for (var i = 0; i < 400; i++)
            {
                using var owner = await pool.RentAsync(1 << random.Next(4, 20));
                owner.Memory.Span.Fill((byte)id);
                if (pool.Snapshot().AllocatedBytes > Bound)
                {
                    Interlocked.Increment(ref passed);
                }

                if (i % 3 == 0)
                {
                    await Task.Yield(); // returned by another thread, as a rule
                }

                owner.Memory.Span.IndexOfAnyExcept((byte)id).ShouldBe(-1, $"seed {seed}");
            }
        })).ToArray();

        await Task.WhenAll(tasks).Guarded();

        passed.ShouldBe(0, $"seed {seed}");
        var snapshot = pool.Snapshot();
        (snapshot.RentedBytes, snapshot.Waiting, snapshot.DoubleReturns).ShouldBe((0, 0, 0), $"seed {seed}");
        snapshot.PeakBytes.ShouldBeLessThanOrEqualTo(Bound);
    }

    private static TieredBufferPool Pool(BufferExhaustion exhaustion) => new(new BufferPoolOptions { MaxBytes = Bound, WhenExhausted = exhaustion });
}
