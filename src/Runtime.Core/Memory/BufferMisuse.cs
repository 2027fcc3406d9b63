namespace Runtime.Core.Memory;

/// <summary>What is said about a buffer that is used against the rules.</summary>
internal static class BufferMisuse
{
    public static InvalidOperationException DoubleReturn(int length) => new(
        $"A buffer of {length} bytes was returned twice. Whoever rents a buffer disposes its owner once and then forgets it: by the second time it may be somebody else's. "
        + $"Set {nameof(BufferPoolOptions.DetectMisuse)} to find every such place.");

    public static ObjectDisposedException UseAfterReturn(int length) => new(
        nameof(System.Buffers.IMemoryOwner<byte>), $"A buffer of {length} bytes was used after its owner had been disposed. Keep neither the owner nor its memory beyond that.");

    public static InvalidOperationException WrittenAfterReturn(int length, int offset) => new(
        $"A buffer of {length} bytes was written to at offset {offset} after it had been returned, by somebody who rented it before. "
        + "Look for a span, memory or pending read that outlives the owner.");
}
