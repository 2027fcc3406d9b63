using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Runtime.Core.Cleanup;

/// <summary>Releases what is not needed any more, off the hot path and a little at a time: an incremental collector for what the garbage collector does not collect.</summary>
/// <remarks>
/// <para>
/// <c>Retire</c> hands a thing over and returns; it is released later, first in, first out, by work of the lowest priority: when <see cref="CleanupOptions.Threshold"/> of them wait, or
/// <see cref="CleanupOptions.Interval"/> after the first. The cleaning runs in slices, bounded in number (<see cref="CleanupOptions.BatchSize"/>) and time (<see cref="CleanupOptions.SliceBudget"/>), and gives its worker back after each.
/// When retiring outruns cleaning, whoever retires helps: beyond <see cref="CleanupOptions.Capacity"/> each call releases two of the oldest things itself.
/// </para>
/// <para>
/// What is retired is released once, whatever happens: before the start of the runtime and after its stop too. The stop releases all that waits, in order, one after another. A release that throws
/// is counted and reported through <see cref="AsyncRuntime.UnhandledException"/>; the others are not affected. Releases run without the caller's <see cref="ExecutionContext"/>.
/// </para>
/// <para>Thread safe. Retiring allocates nothing once the queue has grown to its usual length. The caller must not use the thing any more.</para>
/// </remarks>
public sealed partial class CleanupQueue
{
    private readonly ICleanupHost _host;
    private readonly ConcurrentQueue<Retired> _queue = new();
    private volatile CleanupOptions _options;

    // Counters, each by interlocked operations. Retired is written by all, released by the cleaning, a slice at a time: they are not to share a cache line.
    private Padded _retired;
    private Padded _released;

    internal CleanupQueue(ICleanupHost host, CleanupOptions options)
    {
        _host = host;
        _options = options.Copy();
        _slice = new Slice(this);
    }

    /// <summary>Has an object disposed of later, asynchronously.</summary>
    /// <param name="resource">The object.</param>
    /// <exception cref="ArgumentNullException"><paramref name="resource"/> is <see langword="null"/>.</exception>
    /// <remarks>An object that can be disposed of in both ways comes here. Up to <see cref="CleanupOptions.MaxConcurrency"/> disposals go on at the same time.</remarks>
    [OverloadResolutionPriority(1)]
    public void Retire(IAsyncDisposable resource)
    {
        ArgumentNullException.ThrowIfNull(resource);
        Add(new Retired(RetiredKind.AsyncDisposable, resource, null, 0));
    }

    /// <summary>Has an object disposed of later.</summary>
    /// <param name="resource">The object; safe handles, too.</param>
    /// <exception cref="ArgumentNullException"><paramref name="resource"/> is <see langword="null"/>.</exception>
    public void Retire(IDisposable resource)
    {
        ArgumentNullException.ThrowIfNull(resource);
        Add(new Retired(RetiredKind.Disposable, resource, null, 0));
    }

    /// <summary>Has an action run later.</summary>
    /// <param name="release">The action.</param>
    /// <exception cref="ArgumentNullException"><paramref name="release"/> is <see langword="null"/>.</exception>
    public void Retire(Action release)
    {
        ArgumentNullException.ThrowIfNull(release);
        Add(new Retired(RetiredKind.Action, release, null, 0));
    }

    /// <summary>Has an action run later, with a state, so that it need not capture one.</summary>
    /// <param name="release">The action.</param>
    /// <param name="state">Its argument.</param>
    /// <exception cref="ArgumentNullException"><paramref name="release"/> is <see langword="null"/>.</exception>
    public void Retire(Action<object?> release, object? state)
    {
        ArgumentNullException.ThrowIfNull(release);
        Add(new Retired(RetiredKind.ActionWithState, release, state, 0));
    }

    /// <summary>Has native memory freed later.</summary>
    /// <param name="address">What <see cref="NativeMemory"/>'s <c>Alloc</c> gave, or, with <paramref name="aligned"/>, its <c>AlignedAlloc</c>. Zero does nothing.</param>
    /// <param name="aligned">Whether it came from <c>AlignedAlloc</c>.</param>
    public void RetireMemory(nint address, bool aligned = false)
    {
        if (address != 0)
        {
            Add(new Retired(aligned ? RetiredKind.AlignedMemory : RetiredKind.NativeMemory, null, null, address));
        }
    }

    /// <summary>Asks for the cleaning now, whatever the number that waits. Does not wait for it.</summary>
    public void Collect()
    {
        if (!_queue.IsEmpty)
        {
            Schedule();
        }
    }

    internal void Reconfigure(CleanupOptions options) => _options = options.Copy();

    private void Add(in Retired retired)
    {
        _queue.Enqueue(retired);
        var backlog = Interlocked.Increment(ref _retired.Value) - Volatile.Read(ref _released.Value); // a fence: pairs with those of the cleaning's end and of the timer's tick
        var options = _options;
        if (backlog >= options.Threshold || backlog > options.Capacity || _isClosed)
        {
            Schedule();
            if (backlog > options.Capacity)
            {
                Help();
            }
        }
        else if (_isTimerArmed == 0)
        {
            ArmTimer(options);
        }
    }

    [StructLayout(LayoutKind.Explicit, Size = 256)]
    private struct Padded
    {
        [FieldOffset(128)]
        public long Value;
    }
}
