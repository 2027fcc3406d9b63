using System.Buffers;
using System.Diagnostics.CodeAnalysis;

namespace Runtime.Core.Memory;

// Back-pressure at the bound.
//
// Shared words   written by                              read by
//   _waiting     under _waitLock, then a full fence      every return
//   _waiters     under _waitLock
//
// Invariant:  while somebody waits, no return goes by without a look at the waiters after it.
// Protocol:   return  put the buffer away (maybe with its thread, unfenced); look at _waiting.
//             wait    enter _waiters and raise _waiting; then try once more, which empties the threads' caches after a process-wide fence.
//             Either the return's buffer is in place before that fence, and the last try finds it; or its look comes after it, and sees the waiter.
// Order:      first come, first served: a large request at the head is not passed by small ones. Rents that do not wait may pass.
// Settings:   who waits goes by the settings of now: every look at the first in line reads them anew, and Reconfigure looks after it has written them, like a return.
// Errors:     a rent made for a waiter that fails is the waiter's to hear of, never that of whoever returned a buffer.
public sealed partial class TieredBufferPool
{
    private readonly Lock _waitLock = new();

    // Under the lock.
    private readonly LinkedList<BufferWaiter> _waiters = [];

    private Concurrency.AtomicInt32 _waiting;

    /// <summary>Rents a buffer, and waits for one when the pool is at its bound and <see cref="BufferPoolOptions.WhenExhausted"/> is <see cref="BufferExhaustion.Wait"/>.</summary>
    /// <param name="minBufferSize">As for <see cref="Rent"/>.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Its owner.</returns>
    /// <remarks>First come, first served. Allocates only when it has to wait.</remarks>
    /// <exception cref="ArgumentOutOfRangeException">The size is below -1, or the pool is bounded and may never hold so much.</exception>
    /// <exception cref="BufferPoolExhaustedException">The pool is at its bound and is to throw then, maybe since a change of its settings during the wait; or its bound has become less than the size.</exception>
    /// <exception cref="OperationCanceledException">The wait was cancelled.</exception>
    /// <exception cref="ObjectDisposedException">The pool has been disposed, maybe during the wait.</exception>
    public ValueTask<IMemoryOwner<byte>> RentAsync(int minBufferSize = -1, CancellationToken cancellationToken = default)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<IMemoryOwner<byte>>(cancellationToken);
        }

        var options = _options;
        if (options.MaxBytes == 0 || options.WhenExhausted != BufferExhaustion.Wait)
        {
            return new ValueTask<IMemoryOwner<byte>>(Rent(minBufferSize));
        }

        var size = minBufferSize == -1 ? DefaultSize : minBufferSize;
        if (size < 0 || size > MaxBufferSize || SizeToReserve(size) > options.MaxBytes)
        {
            throw new ArgumentOutOfRangeException(
                nameof(minBufferSize), minBufferSize, $"The size must be -1, for {DefaultSize}, or from 0 to what {nameof(options.MaxBytes)} allows, which is {options.MaxBytes}.");
        }

        if (_waiting.Value == 0 && TryRentAtOnce(size, out var owner))
        {
            return new ValueTask<IMemoryOwner<byte>>(owner);
        }

        return new ValueTask<IMemoryOwner<byte>>(WaitAsync(size, cancellationToken));
    }

    private static int SizeToReserve(int size) => size > SizeClasses.LargestSize ? size : SizeClasses.SizeOf(SizeClasses.IndexOf(size));

    private bool TryRentAtOnce(int size, [NotNullWhen(true)] out IMemoryOwner<byte>? owner)
    {
        ObjectDisposedException.ThrowIf(_disposed.Value != 0, this);
        var sizeClass = SizeClasses.IndexOf(size);
        if (sizeClass < SizeClasses.CachedCount && ThreadCache.Current is { } cache && cache.Pool == this && cache.TryTake(sizeClass, out var buffer))
        {
            owner = buffer.Begin();
            return true;
        }

        return TryRentShared(sizeClass, SizeToReserve(size), out owner);
    }

    private async Task<IMemoryOwner<byte>> WaitAsync(int size, CancellationToken cancellationToken)
    {
        var waiter = new BufferWaiter(size);
        lock (_waitLock)
        {
            ObjectDisposedException.ThrowIf(_disposed.Value != 0, this);
            _waiters.AddLast(waiter.Node);
            _waiting.Exchange(_waiters.Count);
        }

        Concurrency.Fence.ProcessWide(); // pairs with the unfenced look of Return
        ServeWaiters();
        using (cancellationToken.UnsafeRegister(
            static (state, token) =>
            {
                var (pool, waiter) = ((TieredBufferPool, BufferWaiter))state!;
                pool.Cancel(waiter, token);
            },
            (this, waiter)))
        {
            return await waiter.Task.ConfigureAwait(false);
        }
    }

    // Gives whoever waits what there is, in order, until there is nothing for the first.
    private void ServeWaiters()
    {
        while (_waiting.Value != 0)
        {
            BufferWaiter waiter;
            IMemoryOwner<byte>? owner;
            Exception? error;
            lock (_waitLock)
            {
                if (_waiters.First is not { } first || _disposed.Value != 0 || !TryEndWait(first.Value.Size, out owner, out error))
                {
                    return;
                }

                waiter = first.Value;
                Remove_NeedsLock(waiter);
            }

            if (error is null)
            {
                waiter.SetResult(owner!);
            }
            else
            {
                waiter.SetException(error);
            }
        }
    }

    // What becomes of the first in line, by the settings of now.
    [SuppressMessage("Design", "CA1031:Do not catch general exception types", Justification = "Handed to the waiter, whose rent it is")]
    private bool TryEndWait(int size, out IMemoryOwner<byte>? owner, out Exception? error)
    {
        owner = null;
        error = null;
        try
        {
            if (TryRentAtOnce(size, out owner))
            {
                return true;
            }

            var (options, reserve) = (_options, SizeToReserve(size));
            if (options.WhenExhausted == BufferExhaustion.Allocate)
            {
                owner = RentOutside(SizeClasses.IndexOf(size), reserve);
            }
            else if (options.WhenExhausted == BufferExhaustion.Throw || reserve > options.MaxBytes)
            {
                error = Exhausted(reserve);
            }
        }
        catch (Exception failure)
        {
            error = failure;
        }

        return owner is not null || error is not null;
    }

    private void Cancel(BufferWaiter waiter, CancellationToken cancellationToken)
    {
        lock (_waitLock)
        {
            if (waiter.Node.List is null)
            {
                return; // served already
            }

            Remove_NeedsLock(waiter);
        }

        waiter.SetCanceled(cancellationToken);
        ServeWaiters(); // it may have been first, and have wanted more than those behind it
    }

    private void FailWaiters(Exception reason)
    {
        List<BufferWaiter> waiters;
        lock (_waitLock)
        {
            waiters = [.. _waiters];
            _waiters.Clear();
            _waiting.Value = 0;
        }

        waiters.ForEach(waiter => waiter.SetException(reason));
    }

    private void Remove_NeedsLock(BufferWaiter waiter)
    {
        _waiters.Remove(waiter.Node);
        _waiting.Value = _waiters.Count;
    }

    private BufferPoolExhaustedException Exhausted(long size) => new(size, Interlocked.Read(ref _allocated), _options.MaxBytes);
}
