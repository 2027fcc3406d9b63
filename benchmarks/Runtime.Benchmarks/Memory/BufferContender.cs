using System.Buffers;
using System.Diagnostics;
using Runtime.Benchmarks.Harness;
using Runtime.Core;

namespace Runtime.Benchmarks.Memory;

/// <summary>Rents and returns on one worker of a runtime.</summary>
internal abstract class BufferContender(string name, AsyncRuntime runtime, MemoryPool<byte> pool, int size) : Contender(name)
{
    protected MemoryPool<byte> Pool => pool;

    protected int Size => size;

    public override Task StartAsync() => Task.CompletedTask;

    public override Task<Lap> RunAsync(int operations) => runtime.Spawn(async _ =>
    {
        var began = Stopwatch.GetTimestamp();
        await LoopAsync(operations);
        return new Lap(0, Stopwatch.GetTimestamp() - began, 0);
    });

    public override ValueTask DisposeAsync() => default;

    protected abstract ValueTask LoopAsync(int operations);
}

/// <summary>One buffer at a time, kept in a field, as a connection keeps it, and written to.</summary>
internal sealed class TurnContender(string name, AsyncRuntime runtime, MemoryPool<byte> pool, int size) : BufferContender(name, runtime, pool, size)
{
    private IMemoryOwner<byte>? _owner;

    protected override ValueTask LoopAsync(int operations)
    {
        for (var i = 0; i < operations; i++)
        {
            _owner = Pool.Rent(Size);
            _owner.Memory.Span[0] = 1;
            _owner.Dispose();
        }

        return default;
    }
}

/// <summary>One buffer at a time, held across an await that is complete.</summary>
internal sealed class AwaitContender(string name, AsyncRuntime runtime, MemoryPool<byte> pool, int size) : BufferContender(name, runtime, pool, size)
{
    protected override async ValueTask LoopAsync(int operations)
    {
        for (var i = 0; i < operations; i++)
        {
            using var owner = Pool.Rent(Size);
            owner.Memory.Span[0] = 1;
            await ValueTask.CompletedTask;
            owner.Memory.Span[1] = 1;
        }
    }
}

/// <summary>So many at a time: all rented, then all returned.</summary>
internal sealed class HoldContender(string name, AsyncRuntime runtime, MemoryPool<byte> pool, int size, int held) : BufferContender(name, runtime, pool, size)
{
    private readonly IMemoryOwner<byte>[] _owners = new IMemoryOwner<byte>[held];

    protected override ValueTask LoopAsync(int operations)
    {
        for (var i = 0; i < operations; i += held)
        {
            foreach (ref var owner in _owners.AsSpan())
            {
                owner = Pool.Rent(Size);
                owner.Memory.Span[0] = 1;
            }

            foreach (var owner in _owners)
            {
                owner.Dispose();
            }
        }

        return default;
    }
}

/// <summary>Rented on one thread, returned on another, 500 at a time in turn: neither waits for the other while it works.</summary>
internal sealed class AcrossContender(string name, MemoryPool<byte> pool, int size) : Contender(name)
{
    private const int Batch = 500;

    private readonly IMemoryOwner<byte>[] _owners = new IMemoryOwner<byte>[Batch];

    public override Task StartAsync() => Task.CompletedTask;

    public override Task<Lap> RunAsync(int operations)
    {
        using var rented = new AutoResetEvent(false);
        using var returned = new AutoResetEvent(false);
        var spent = 0L;
        var other = new Thread(() =>
        {
            for (var i = 0; i < operations; i += Batch)
            {
                rented.WaitOne();
                var began = Stopwatch.GetTimestamp();
                foreach (var owner in _owners)
                {
                    owner.Dispose();
                }

                spent += Stopwatch.GetTimestamp() - began;
                returned.Set();
            }
        });
        other.Start();
        for (var i = 0; i < operations; i += Batch)
        {
            var began = Stopwatch.GetTimestamp();
            foreach (ref var owner in _owners.AsSpan())
            {
                owner = pool.Rent(size);
            }

            spent += Stopwatch.GetTimestamp() - began;
            rented.Set();
            returned.WaitOne();
        }

        other.Join();
        return Task.FromResult(new Lap(0, spent, 0));
    }

    public override ValueTask DisposeAsync() => default;
}
