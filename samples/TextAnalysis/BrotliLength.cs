using System.Buffers;
using System.IO.Compression;

namespace Samples.TextAnalysis;

/// <summary>Compresses with Brotli and keeps only the length.</summary>
internal sealed class BrotliLength : IDisposable
{
    // What BrotliStream uses for CompressionLevel.Optimal: most of the gain for a small part of quality 11's time.
    private const int Quality = 4;
    private const int Window = 22;

    // A mutable struct: must not be readonly.
    private BrotliEncoder _encoder = new(Quality, Window);
    private readonly byte[] _discard = new byte[16 * 1024];
    private long _length;

    public void Append(ReadOnlySpan<byte> source) => Compress(source, isFinalBlock: false);

    public long Complete()
    {
        Compress([], isFinalBlock: true);
        return _length;
    }

    public void Dispose() => _encoder.Dispose();

    private void Compress(ReadOnlySpan<byte> source, bool isFinalBlock)
    {
        OperationStatus status;
        do
        {
            status = _encoder.Compress(source, _discard, out var consumed, out var written, isFinalBlock);
            source = source[consumed..];
            _length += written;
        }
        while (status == OperationStatus.DestinationTooSmall);

        if (status != OperationStatus.Done)
        {
            throw new InvalidOperationException($"Brotli refused its input: {status}.");
        }
    }
}
