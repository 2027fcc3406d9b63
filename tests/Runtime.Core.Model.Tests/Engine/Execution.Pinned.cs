using System.Runtime.CompilerServices;
using Runtime.Core.Concurrency;

namespace Runtime.Core.Model.Tests.Engine;

// Words that are known by their address, and threads that sleep on them. The memory must not move: it is on the pinned heap.
internal sealed unsafe partial class Execution
{
    private readonly Dictionary<nint, object> _pinned = [];

    public List<Sleep> Sleeping { get; } = [];

    public static nint AddressOf<T>(ref T place) => (nint)Unsafe.AsPointer(ref place);

    public PinnedWord<T> WordAt<T>(nint address)
    {
        if (!_pinned.TryGetValue(address, out var word))
        {
            _pinned.Add(address, word = new PinnedWord<T>());
        }

        return (PinnedWord<T>)word;
    }
}
