// BiasedLock: mutual exclusion between one owner, which enters all the time, and visitors, which come once in a blue moon.
//
// Shared words   written by                       read by
//   _inside      the owner, plain stores          the visitor
//   _revoked     the visitor                      the owner
//
// Protocol:   owner    set _inside; look at _revoked; if that is set, clear _inside and do without. No interlocked operation, and no fence.
//             visitor  set _revoked; fence every thread of the process; wait until _inside is clear; work; clear _revoked.
//             Either the owner's store of _inside is before the visitor's fence, and the visitor sees it and waits; or the owner's look is after it, and sees _revoked.
// Visitors exclude each other by a lock of their own.
// Sources:    Dice, Moir, Scherer, Quickly Reacquirable Locks (2003); folly's asymmetric fences. Tests: BiasedLockTests, the model suites.
using System.Runtime.InteropServices;

namespace Runtime.Core.Concurrency;

/// <summary>A lock that costs its owner two stores and a load, and a visitor some microseconds. The owner never waits.</summary>
[StructLayout(LayoutKind.Auto)]
internal struct BiasedLock
{
#if MODEL
    private const int MostLooks = 3;
#else
    private const int MostLooks = 1_000;
#endif

    private AtomicInt32 _inside;
    private AtomicInt32 _revoked;

    /// <summary>Goes inside, unless a visitor is. Owner only.</summary>
    public bool TryEnter()
    {
        _inside.Value = 1;
        if (_revoked.Value == 0) // not fenced: pairs with the fence in TryRevoke, which is this thread's too
        {
            return true;
        }

        _inside.Value = 0;
        return false;
    }

    /// <summary>Goes outside. Owner only, after a successful <see cref="TryEnter"/>.</summary>
    public void Exit() => _inside.Value = 0; // release; pairs with the acquire in TryRevoke

    /// <summary>Keeps the owner outside. One visitor at a time, which calls <see cref="Restore"/> whatever the answer.</summary>
    /// <returns>Whether the owner is outside now; it is not when it has lost its processor inside.</returns>
    public bool TryRevoke()
    {
        _revoked.Value = 1;
        Fence.ProcessWide();
        for (var look = 0; look < MostLooks; look++)
        {
            if (_inside.Value == 0)
            {
                return true;
            }

            Thread.SpinWait(20);
        }

        return false;
    }

    /// <summary>Lets the owner in again.</summary>
    public void Restore() => _revoked.Value = 0; // release: the owner sees what the visitor has done
}
