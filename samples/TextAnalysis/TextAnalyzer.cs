using System.Buffers;
using System.Security.Cryptography;

namespace Samples.TextAnalysis;

/// <summary>Analyses one UTF-8 text piece by piece; no more of the text is held than the word that is being read.</summary>
/// <remarks>
/// Not thread safe, and good for one text. Allocates for each distinct word, not for each word or piece.
/// Invalid UTF-8 counts as U+FFFD, which is no letter: it ends a word, like a combining mark or a byte order mark.
/// </remarks>
public sealed class TextAnalyzer : IDisposable
{
    // Keeps the compressed length independent of how the caller cuts the text: Brotli looks at the size of its first input.
    private const int SliceLength = 64 * 1024;

    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly BrotliLength _compressed = new();
    private readonly WordCounter _words = new();
    private long _bytes;

    /// <summary>Analyses a stream to its end.</summary>
    /// <param name="stream">The text in UTF-8; stays open.</param>
    /// <param name="cancellationToken">Ends the analysis between two reads.</param>
    /// <returns>What was found.</returns>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static async Task<TextStatistics> AnalyzeAsync(Stream stream, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(stream);
        var buffer = ArrayPool<byte>.Shared.Rent(SliceLength);
        try
        {
            using var analyzer = new TextAnalyzer();
            while (await stream.ReadAsync(buffer, cancellationToken) is > 0 and var read)
            {
                cancellationToken.ThrowIfCancellationRequested();
                analyzer.Append(buffer.AsSpan(0, read));
            }

            return analyzer.Complete();
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Takes in the next piece of the text; a piece may end anywhere, in the middle of a character too.</summary>
    /// <param name="utf8">The piece; not kept.</param>
    public void Append(ReadOnlySpan<byte> utf8)
    {
        _bytes += utf8.Length;
        while (!utf8.IsEmpty)
        {
            var slice = utf8[..Math.Min(utf8.Length, SliceLength)];
            _hash.AppendData(slice);
            _compressed.Append(slice);
            _words.Append(slice);
            utf8 = utf8[slice.Length..];
        }
    }

    /// <summary>Ends the text. Call it once.</summary>
    /// <returns>What was found.</returns>
    public TextStatistics Complete()
    {
        _words.Complete();
        return new(_bytes, _words.Words, _words.DistinctWords, _words.Top(20), Convert.ToHexStringLower(_hash.GetHashAndReset()), _compressed.Complete());
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _hash.Dispose();
        _compressed.Dispose();
    }
}
