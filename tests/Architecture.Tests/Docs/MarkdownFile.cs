using System.Text.RegularExpressions;

namespace Architecture.Tests.Docs;

/// <summary>One page of documentation and what of it can be checked.</summary>
internal sealed partial class MarkdownFile(string path, string text)
{
    private readonly string _text = text.ReplaceLineEndings("\n");

    public string Path { get; } = path;

    public static MarkdownFile Read(string path) => new(path, File.ReadAllText(Repository.PathOf(path)));

    public static bool Exists(string path) => File.Exists(Repository.PathOf(path));

    /// <summary>Everything outside the code blocks.</summary>
    public string Prose => CodeBlock().Replace(_text, "\n");

    /// <summary>The C# blocks, with the sample that the comment above each names.</summary>
    public IEnumerable<(string? Sample, string Code)> CSharpBlocks => CodeBlock().Matches(_text)
        .Where(static match => match.Groups["language"].Value is "csharp" or "cs")
        .Select(static match => (match.Groups["sample"].Success ? match.Groups["sample"].Value : null, match.Groups["code"].Value));

    /// <summary>Names of tests: <c>`SomethingTests.Member_Condition_Outcome`</c>.</summary>
    public IEnumerable<(string Class, string Method)> NamedTests =>
        TestName().Matches(Prose).Select(static match => (match.Groups["class"].Value, match.Groups["method"].Value)).Distinct();

    /// <summary>Targets of links that point into the repository, relative to its root.</summary>
    public IEnumerable<string> LocalLinks => Link().Matches(Prose)
        .Select(static match => match.Groups["target"].Value.Split('#')[0])
        .Where(static target => target.Length > 0 && !target.Contains(':', StringComparison.Ordinal))
        .Select(target => System.IO.Path.Combine(System.IO.Path.GetDirectoryName(Path)!, target));

    [GeneratedRegex(@"(?:<!-- from (?<sample>\S+) -->\n+)?^```(?<language>\w*)[^\n]*\n(?<code>[\s\S]*?)^```[ \t]*$", RegexOptions.Multiline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex CodeBlock();

    [GeneratedRegex(@"`(?<class>\w+Tests)\.(?<method>\w+)`", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex TestName();

    [GeneratedRegex(@"\]\((?<target>[^)\s]+)\)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Link();
}
