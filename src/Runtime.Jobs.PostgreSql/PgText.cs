using System.Diagnostics.CodeAnalysis;

namespace Runtime.Jobs.PostgreSql;

/// <summary>Texts as PostgreSQL can hold them: no character zero, no half of a surrogate pair.</summary>
/// <remarks>Nearly all texts are as they are. Keys and names must come back as they went, so a zero is written as two characters of the private use area; the halves cannot be told apart by anybody anyway.</remarks>
internal static class PgText
{
    private const char Escape = '\uF8FE';

    [return: NotNullIfNotNull(nameof(text))]
    public static string? Encode(string? text)
    {
        if (text is null || text.AsSpan().IndexOfAny('\0', Escape) < 0)
        {
            return text is null || IsWhole(text) ? text : Mended(text);
        }

        var encoded = text.Replace(Escape.ToString(), $"{Escape}1", StringComparison.Ordinal).Replace("\0", $"{Escape}0", StringComparison.Ordinal);
        return IsWhole(encoded) ? encoded : Mended(encoded);
    }

    [return: NotNullIfNotNull(nameof(text))]
    public static string? Decode(string? text) => text is null || !text.Contains(Escape, StringComparison.Ordinal)
        ? text
        : text.Replace($"{Escape}0", "\0", StringComparison.Ordinal).Replace($"{Escape}1", Escape.ToString(), StringComparison.Ordinal);

    private static bool IsWhole(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (char.IsSurrogate(text[i]) && (!char.IsHighSurrogate(text[i]) || ++i == text.Length || !char.IsLowSurrogate(text[i])))
            {
                return false;
            }
        }

        return true;
    }

    private static string Mended(string text) => string.Concat(text.EnumerateRunes()); // a half becomes U+FFFD
}
