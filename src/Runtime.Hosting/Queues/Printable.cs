using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace Runtime.Hosting.Queues;

/// <summary>Makes text from users fit for one line of a log: a name with a line break in it could forge a second one.</summary>
internal static class Printable
{
    /// <summary>Replaces control characters and line separators by their <c>\uXXXX</c> form; returns the same string when there are none.</summary>
    [return: NotNullIfNotNull(nameof(text))]
    public static string? Text(string? text)
    {
        if (text is null || !text.Any(NeedsEscape))
        {
            return text;
        }

        var escaped = new StringBuilder(text.Length + 16);
        foreach (var character in text)
        {
            if (NeedsEscape(character))
            {
                escaped.Append(CultureInfo.InvariantCulture, $"\\u{(int)character:X4}");
            }
            else
            {
                escaped.Append(character);
            }
        }

        return escaped.ToString();
    }

    // Besides control characters: line and paragraph separators, and the marks that turn the direction of text round.
    private static bool NeedsEscape(char character) =>
        char.IsControl(character) || character is '\u2028' or '\u2029' or (>= '\u202A' and <= '\u202E') or (>= '\u2066' and <= '\u2069');
}
