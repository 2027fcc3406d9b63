using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace Runtime.Core.Concurrency;

// One word, three states.
//
//   EMPTY    --park-->   PARKED      owner, by decrement; only then it sleeps in the kernel
//   NOTIFIED --park-->   EMPTY       owner, by the same decrement: the token is taken, no sleep
//   any      --unpark--> NOTIFIED    anyone, by exchange; the caller that replaced PARKED wakes the owner
//   NOTIFIED --wake-->   EMPTY       owner, coming back from the kernel
//   PARKED   --timeout-> EMPTY       owner, by exchange; finds NOTIFIED if an unpark was faster, and then takes that token
//
// No lost wake: FUTEX_WAIT compares the word with PARKED inside the kernel, under the lock that FUTEX_WAKE takes, so
// an exchange to NOTIFIED either comes before the comparison, and the wait returns at once, or its wake finds the sleeper.
// Unpark is an exchange and not a compare-exchange that skips NOTIFIED, so that the owner synchronises with the latest
// unpark and not only with the first.
// The word is in an array of its own on the pinned heap, not in native memory: it is alive as long as anyone can still
// call Unpark, so an unpark can never reach freed memory, and there is no finalizer.
// Sources: futex(2); the parker of the Rust standard library. Tests: ParkerTests.
internal sealed unsafe class FutexParker : Parker
{
    private const int Empty = 0;
    private const int Notified = 1;
    private const int Parked = -1;

    // Two cache lines: processors fetch lines in pairs, so a neighbour closer than this would still be shared.
    private const int Alignment = 128;

    // Keeps the word alive. Never moves: it is allocated on the pinned heap.
    private readonly int[] _storage;

    // The word, at the start of an aligned block that lies wholly inside the storage. Written by everyone, see the table above.
    private readonly int* _word;

    public FutexParker()
    {
        _storage = GC.AllocateArray<int>(2 * Alignment / sizeof(int), pinned: true);
        var start = (nuint)Unsafe.AsPointer(ref _storage[0]);
        _word = (int*)((start + Alignment - 1) & ~(nuint)(Alignment - 1));
    }

    public static bool IsSupported => Futex.IsSupported;

    public override void Unpark()
    {
        if (Interlocked.Exchange(ref *_word, Notified) == Parked)
        {
            Futex.WakeOne(_word);
        }

        GC.KeepAlive(_storage);
    }

    protected override void ParkCore()
    {
        if (Interlocked.Decrement(ref *_word) != Empty)
        {
            // Signals and stray wakes of the kernel end a wait too: only the word says whether there is a token.
            do
            {
                Futex.Wait(_word, Parked);
            }
            while (Interlocked.CompareExchange(ref *_word, Empty, Notified) != Notified);
        }

        GC.KeepAlive(_storage);
    }

    protected override bool ParkCore(TimeSpan timeout)
    {
        var taken = Interlocked.Decrement(ref *_word) == Empty || WaitFor(timeout);
        GC.KeepAlive(_storage);
        return taken;
    }

    private bool WaitFor(TimeSpan timeout)
    {
        var start = Stopwatch.GetTimestamp();
        for (var left = timeout; left > TimeSpan.Zero; left = timeout - Stopwatch.GetElapsedTime(start))
        {
            Futex.Wait(_word, Parked, left);
            if (Volatile.Read(ref *_word) == Notified)
            {
                break;
            }
        }

        return Interlocked.Exchange(ref *_word, Empty) == Notified;
    }
}
