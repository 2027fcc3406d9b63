namespace Runtime.Core.Execution;

/// <summary>What is ready to run, in order: first in, first out, or, with a seed, any of them.</summary>
/// <remarks>A ring that doubles when it is full. Only the driving thread touches it.</remarks>
internal sealed class SingleThreadedReadyQueue(int? seed)
{
    private const int Initial = 64;

    // 1 MB. A ring that a burst has made longer is let go when it has run empty.
    private const int MostRetained = 65_536;

    private SingleThreadedContinuation[] _ring = new SingleThreadedContinuation[Initial];

    // The place of the oldest, modulo the length, which is a power of two.
    private int _head;

    // The state of SplitMix64 (Steele, Lea, Flood 2014): small, good enough to draw from a queue, and the same for ever, which Random does not promise.
    private ulong _random = (ulong)(seed ?? 0);

    public int Count { get; private set; }

    public int Capacity => _ring.Length;

    public void Push(in SingleThreadedContinuation item)
    {
        if (Count == _ring.Length)
        {
            Grow();
        }

        _ring[(_head + Count++) & (_ring.Length - 1)] = item;
    }

    /// <summary>Takes the next one. There must be one.</summary>
    public SingleThreadedContinuation Pop()
    {
        var ring = _ring;
        var mask = ring.Length - 1;
        if (seed is not null && Count > 1)
        {
            // The chosen one changes places with the oldest.
            var chosen = (_head + Draw(Count)) & mask;
            (ring[_head & mask], ring[chosen]) = (ring[chosen], ring[_head & mask]);
        }

        ref var slot = ref ring[_head & mask];
        var item = slot;
        slot = default; // the ring must not keep alive what has run
        _head = (_head + 1) & mask;
        if (--Count == 0 && ring.Length > MostRetained)
        {
            _ring = new SingleThreadedContinuation[Initial];
            _head = 0;
        }

        return item;
    }

    // A number below the count, by multiplying instead of dividing (Lemire 2019); its bias is below one in 2^32.
    private int Draw(int count)
    {
        _random += 0x9E3779B97F4A7C15;
        var z = _random;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        z ^= z >> 31;
        return (int)(((z >> 32) * (ulong)count) >> 32);
    }

    private void Grow()
    {
        var longer = new SingleThreadedContinuation[2 * _ring.Length];
        var first = _ring.Length - _head;
        Array.Copy(_ring, _head, longer, 0, first);
        Array.Copy(_ring, 0, longer, first, _head);
        _ring = longer;
        _head = 0;
    }
}
