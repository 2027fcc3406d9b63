using System.Runtime.InteropServices;
using Runtime.Core.Memory;

namespace Runtime.Core.Tests.Memory;

/// <summary>With DetectMisuse every use after the return is noticed, also when somebody else has the buffer by then.</summary>
public sealed class BufferMisuseTests : IDisposable
{
    private readonly TieredBufferPool _pool = new(new BufferPoolOptions { DetectMisuse = true });

    public void Dispose() => _pool.Dispose();

    [Fact]
    public void Dispose_AgainAfterSomebodyElseHasRented_Throws()
    {
        var stale = _pool.Rent(100);
        stale.Dispose();
        using var next = _pool.Rent(100);

        Should.Throw<InvalidOperationException>(stale.Dispose).Message.ShouldStartWith("A buffer of 128 bytes was returned twice.");

        next.Memory.Span.Fill(1); // still the second one's
        _pool.Snapshot().Tiers[0].Outstanding.ShouldBe(1);
    }

    [Fact]
    public void Memory_KeptBeyondTheReturn_Throws()
    {
        var owner = _pool.Rent(100);
        var memory = owner.Memory;
        owner.Dispose();
        using var next = _pool.Rent(100);

        Should.Throw<ObjectDisposedException>(() => memory.Span[0]);
        Should.Throw<ObjectDisposedException>(() => memory.Pin());
        Should.Throw<ObjectDisposedException>(() => MemoryMarshal.TryGetArray<byte>(memory, out _));
    }

    [Fact]
    public void Array_WrittenToAfterTheReturn_IsNoticedAtTheNextRent_AndLeavesThePool()
    {
        var owner = _pool.Rent(100);
        MemoryMarshal.TryGetArray<byte>(owner.Memory, out var segment).ShouldBeTrue();
        owner.Dispose();
        segment.Array![5] = 1;

        Should.Throw<InvalidOperationException>(() => _pool.Rent(100)).Message.ShouldBe(
            "A buffer of 128 bytes was written to at offset 5 after it had been returned, by somebody who rented it before. "
            + "Look for a span, memory or pending read that outlives the owner.");

        using var next = _pool.Rent(100);
        next.Memory.Length.ShouldBe(128);
        _pool.Snapshot().AllocatedBytes.ShouldBe(128);
    }

    /// <summary>A buffer that somebody writes into all the time after its return goes from there to a rent that waits: that one is told, not whoever returned it.</summary>
    [Fact]
    public async Task Array_WrittenToWhileSomebodyWaits_TheWaiterIsToldAndNotWhoeverReturns()
    {
        const int Bound = 1 << 20;
        using var pool = new TieredBufferPool(new BufferPoolOptions { DetectMisuse = true, MaxBytes = Bound, WhenExhausted = BufferExhaustion.Wait });
        byte[] written = [0];
        using var end = new CancellationTokenSource();
        var writer = new Thread(() =>
        {
            while (!end.IsCancellationRequested)
            {
                Volatile.Write(ref Volatile.Read(ref written)[^1], 1);
            }
        });
        writer.Start();
        try
        {
            for (var isTold = false; !isTold;)
            {
                var owner = await pool.RentAsync(Bound);
                MemoryMarshal.TryGetArray<byte>(owner.Memory, out var segment).ShouldBeTrue();
                Volatile.Write(ref written, segment.Array!);
                var waiting = pool.RentAsync(Bound).AsTask();

                owner.Dispose();

                Volatile.Write(ref written, [0]); // a rent of the next round is to succeed, as a rule
                try
                {
                    (await waiting.Guarded()).Dispose();
                }
                catch (InvalidOperationException misuse) when (misuse.Message.Contains("after it had been returned", StringComparison.Ordinal))
                {
                    isTold = true;
                }

                pool.Trim();
            }

            (await pool.RentAsync(Bound)).Dispose(); // it has left the pool, and its bytes are free
        }
        finally
        {
            await end.CancelAsync();
            writer.Join();
        }
    }

    [Fact]
    public unsafe void Pin_Rented_PointsAtTheBuffer()
    {
        using var owner = _pool.Rent(100);
        using var handle = owner.Memory[3..].Pin();

        ((byte*)handle.Pointer)[0] = 42;

        owner.Memory.Span[3].ShouldBe((byte)42);
    }
}
