namespace Samples.TextAnalysis;

/// <summary>What an analysis found.</summary>
/// <param name="Bytes">The length of the text in bytes, a byte order mark included.</param>
/// <param name="Words">How many words it has: maximal runs of Unicode letters (categories L*) or decimal digits (Nd).</param>
/// <param name="DistinctWords">How many different words, lower-cased by the invariant culture.</param>
/// <param name="Top">The twenty most frequent words, by count, then in ordinal order.</param>
/// <param name="Sha256">The SHA-256 of the bytes, as lower-case hexadecimal digits.</param>
/// <param name="BrotliBytes">The length of the bytes compressed with Brotli at quality 4, window 22.</param>
public sealed record TextStatistics(
    long Bytes,
    long Words,
    int DistinctWords,
    IReadOnlyList<WordCount> Top,
    string Sha256,
    long BrotliBytes);

/// <summary>A word and how often it occurs.</summary>
/// <param name="Word">The word, lower-cased; one of more than <see cref="MaxShownLength"/> characters is cut there and ends in an ellipsis.</param>
/// <param name="Count">How often it occurs.</param>
public sealed record WordCount(string Word, long Count)
{
    /// <summary>How much of a word a result keeps, so that a text without spaces does not live on in its result.</summary>
    public const int MaxShownLength = 4096;
}
