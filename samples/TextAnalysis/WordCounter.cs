using System.Buffers;
using System.Runtime.InteropServices;
using System.Text;

namespace Samples.TextAnalysis;

/// <summary>Counts the words of a UTF-8 text that comes in pieces.</summary>
internal sealed class WordCounter
{
    private static readonly OrderOfTop Order = new();

    private readonly Dictionary<string, long> _counts = new(StringComparer.Ordinal);
    private readonly Dictionary<string, long>.AlternateLookup<ReadOnlySpan<char>> _lookup;

    // The beginning of a character whose other bytes come with the next piece.
    private readonly byte[] _split = new byte[4];
    private int _splitLength;

    // The word that is being read, lower-cased.
    private char[] _word = new char[64];
    private int _wordLength;

    public WordCounter() => _lookup = _counts.GetAlternateLookup<ReadOnlySpan<char>>();

    public long Words { get; private set; }

    public int DistinctWords => _counts.Count;

    // Indexed by ASCII code: the lower-case character of a word, or 0 for what ends one.
    private static ReadOnlySpan<byte> AsciiWordBytes =>
        "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"u8 +
        "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"u8 +
        "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"u8 +
        "0123456789\0\0\0\0\0\0"u8 +
        "\0abcdefghijklmno"u8 +
        "pqrstuvwxyz\0\0\0\0\0"u8 +
        "\0abcdefghijklmno"u8 +
        "pqrstuvwxyz\0\0\0\0\0"u8;

    public void Append(ReadOnlySpan<byte> utf8)
    {
        if (_splitLength > 0)
        {
            utf8 = JoinSplit(utf8);
        }

        var ascii = AsciiWordBytes;
        while (!utf8.IsEmpty)
        {
            if (utf8[0] < ascii.Length)
            {
                var lower = ascii[utf8[0]];
                utf8 = utf8[1..];
                if (lower == 0)
                {
                    EndWord();
                    continue;
                }

                EnsureRoom(1);
                _word[_wordLength++] = (char)lower;
            }
            else
            {
                if (Rune.DecodeFromUtf8(utf8, out var rune, out var consumed) == OperationStatus.NeedMoreData)
                {
                    utf8.CopyTo(_split);
                    _splitLength = utf8.Length;
                    return;
                }

                Take(rune);
                utf8 = utf8[consumed..];
            }
        }
    }

    public void Complete()
    {
        // A character that the end of the text cuts short is invalid, and ends the word like the end itself.
        _splitLength = 0;
        EndWord();
    }

    public IReadOnlyList<WordCount> Top(int limit)
    {
        var top = new List<KeyValuePair<string, long>>(limit + 1);
        foreach (var pair in _counts)
        {
            if (top.Count == limit && Order.Compare(pair, top[^1]) > 0)
            {
                continue;
            }

            top.Insert(~top.BinarySearch(pair, Order), pair);
            if (top.Count > limit)
            {
                top.RemoveAt(limit);
            }
        }

        return top.ConvertAll(static pair => new WordCount(Shorten(pair.Key), pair.Value));
    }

    private static string Shorten(string word)
    {
        if (word.Length <= WordCount.MaxShownLength)
        {
            return word;
        }

        // Not through the middle of a surrogate pair.
        var length = char.IsHighSurrogate(word[WordCount.MaxShownLength - 1]) ? WordCount.MaxShownLength - 1 : WordCount.MaxShownLength;
        return string.Concat(word.AsSpan(0, length), "…");
    }

    // Decodes the character that began in an earlier piece and returns what follows it.
    private ReadOnlySpan<byte> JoinSplit(ReadOnlySpan<byte> utf8)
    {
        var added = Math.Min(_split.Length - _splitLength, utf8.Length);
        utf8[..added].CopyTo(_split.AsSpan(_splitLength));
        if (Rune.DecodeFromUtf8(_split.AsSpan(0, _splitLength + added), out var rune, out var consumed) == OperationStatus.NeedMoreData)
        {
            _splitLength += added;
            return utf8[added..];
        }

        // The earlier bytes were a valid beginning, so at least they are consumed, even when the whole is invalid.
        Take(rune);
        var rest = utf8[(consumed - _splitLength)..];
        _splitLength = 0;
        return rest;
    }

    private void Take(Rune rune)
    {
        // Letters (L*) and decimal digits (Nd), by scalar value; an invalid sequence arrives as U+FFFD, which is neither.
        if (!Rune.IsLetterOrDigit(rune))
        {
            EndWord();
            return;
        }

        EnsureRoom(2);
        _wordLength += Rune.ToLowerInvariant(rune).EncodeToUtf16(_word.AsSpan(_wordLength));
    }

    private void EnsureRoom(int length)
    {
        if (_word.Length - _wordLength < length)
        {
            Array.Resize(ref _word, _word.Length * 2);
        }
    }

    private void EndWord()
    {
        if (_wordLength == 0)
        {
            return;
        }

        Words++;
        CollectionsMarshal.GetValueRefOrAddDefault(_lookup, _word.AsSpan(0, _wordLength), out _)++;
        _wordLength = 0;
    }

    private sealed class OrderOfTop : IComparer<KeyValuePair<string, long>>
    {
        public int Compare(KeyValuePair<string, long> x, KeyValuePair<string, long> y)
        {
            var byCount = y.Value.CompareTo(x.Value);
            return byCount != 0 ? byCount : string.CompareOrdinal(x.Key, y.Key);
        }
    }
}
