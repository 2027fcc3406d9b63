namespace Runtime.Hosting.Tests.Docs;

/// <summary>The rows of a table in a page of docs/.</summary>
internal static class MarkdownTable
{
    /// <summary>The cells of every row below the header that begins with a column, without the marks of code.</summary>
    public static IReadOnlyList<string[]> Rows(string page, string firstColumn)
    {
        var lines = File.ReadAllLines(Path.Combine(Root(), "docs", page));
        var header = Array.FindIndex(lines, line => line.StartsWith($"| {firstColumn} |", StringComparison.Ordinal));
        header.ShouldBeGreaterThanOrEqualTo(0, $"no table '{firstColumn}' in {page}");
        return [.. lines.Skip(header + 2).TakeWhile(static line => line.StartsWith('|')).Select(static line => line.Trim('|').Split('|').Select(static cell => cell.Trim().Replace("`", "", StringComparison.Ordinal)).ToArray())];
    }

    private static string Root()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Hosting.sln")))
            {
                return folder.FullName;
            }
        }

        throw new InvalidOperationException("The tests do not run inside the repository: no folder above them holds Hosting.sln.");
    }
}
