using System.Runtime.InteropServices;

namespace Runtime.Core.Cleanup;

/// <summary>How a retired thing is released.</summary>
internal enum RetiredKind
{
    Disposable,
    AsyncDisposable,
    Action,
    ActionWithState,
    NativeMemory,
    AlignedMemory,
}

/// <summary>Something that is to be released: what, with which argument, and how.</summary>
/// <param name="Kind">How.</param>
/// <param name="Target">The object or the delegate; <see langword="null"/> for memory.</param>
/// <param name="State">The argument of the delegate, if it takes one.</param>
/// <param name="Pointer">The memory.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct Retired(RetiredKind Kind, object? Target, object? State, nint Pointer);
