using System.Text.RegularExpressions;

namespace Architecture.Tests;

/// <summary>One C# file, and its code without comments and the contents of strings.</summary>
internal sealed partial class SourceFile(string path, string text)
{
    /// <summary>Relative to the root of the repository, with forward slashes.</summary>
    public string Path { get; } = path;

    public string Text { get; } = text;

    public IReadOnlyList<string> Lines { get; } = text.TrimEnd('\n').Split('\n');

    /// <summary>The text with every comment and string literal blanked; line breaks stay, so line numbers still hold.</summary>
    public string Code { get; } = NotCode().Replace(text, static match => new string('\n', match.Value.Count(static c => c == '\n')) + " ");

    /// <summary>The first folder below the project, or the empty string for a file in the project's own folder.</summary>
    public string Feature
    {
        get
        {
            var parts = Path.Split('/'); // src / project / feature / … / file
            return parts.Length > 3 ? parts[2] : "";
        }
    }

    /// <summary>The 1-based line of an index into <see cref="Code"/>.</summary>
    public int LineOf(int index) => Code.AsSpan(0, index).Count('\n') + 1;

    // Raw strings, verbatim strings, plain strings, characters, comments. An interpolated string loses its holes too: that
    // is enough for rules that look for names of namespaces and types.
    [GeneratedRegex("""
        (?<quotes>"{3,})[\s\S]*?\k<quotes>|@\$?"(?:[^"]|"")*"|\$@"(?:[^"]|"")*"|"(?:\\.|[^"\\\n])*"|'(?:\\.[^'\n]*|[^'\\\n])'|//[^\n]*|/\*[\s\S]*?\*/
        """, RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex NotCode();
}
