namespace Architecture.Tests.Docs;

/// <summary>Whether code in a page is code that is built.</summary>
internal static class CodeExcerpt
{
    /// <summary>Whether the excerpt is a run of whole lines of the source; only the indentation of the whole may differ.</summary>
    public static bool IsIn(string source, string excerpt)
    {
        var wanted = Outdent(Lines(excerpt));
        var there = Lines(source);
        return wanted.Length > 0
            && Enumerable.Range(0, Math.Max(0, there.Length - wanted.Length + 1))
                .Any(start => Outdent(there[start..(start + wanted.Length)]).SequenceEqual(wanted, StringComparer.Ordinal));
    }

    private static string[] Lines(string text) => [.. text.ReplaceLineEndings("\n").Trim('\n').Split('\n').Select(static line => line.TrimEnd())];

    private static string[] Outdent(string[] lines)
    {
        var indent = lines.Where(static line => line.Length > 0).Select(static line => line.Length - line.TrimStart().Length).DefaultIfEmpty(0).Min();
        return [.. lines.Select(line => line.Length == 0 ? line : line[indent..])];
    }
}
