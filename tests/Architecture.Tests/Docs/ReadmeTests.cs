using System.Text.RegularExpressions;

namespace Architecture.Tests.Docs;

/// <summary>Code in a page is the code of a sample, and the README can be read in a minute.</summary>
public sealed partial class ReadmeTests
{
    private const int MostWords = 900;
    private const int MostWordsBeforeCode = 100;

    public static TheoryData<string> Pages => [.. Repository.FilesUnder(".", "*.md")];

    [Theory]
    [MemberData(nameof(Pages))]
    public void CSharpBlocks_OfEachPage_AreTheCodeOfASample(string page)
    {
        foreach (var (sample, code) in MarkdownFile.Read(page).CSharpBlocks)
        {
            if (sample is null)
            {
                // Prose may show a line or two; what a reader will copy must be built.
                page.ShouldNotBe("README.md", $"This block names no sample in a comment <!-- from samples/… --> above it:\n{code}");
                continue;
            }

            MarkdownFile.Exists(sample).ShouldBeTrue($"{page} quotes {sample}, which does not exist.");
            CodeExcerpt.IsIn(File.ReadAllText(Repository.PathOf(sample)), code).ShouldBeTrue($"{page} says this is in {sample}, but it is not there, line for line:\n{code}");
        }
    }

    [Theory]
    [MemberData(nameof(Pages))]
    public void Links_OfEachPage_LeadToAFileOrFolder(string page) =>
        MarkdownFile.Read(page).LocalLinks.Where(static target => !Path.Exists(Repository.PathOf(target))).ShouldBeEmpty();

    [Fact]
    public void Readme_ItsLength_LetsCodeComeFirst()
    {
        var text = File.ReadAllText(Repository.PathOf("README.md"));

        Words().Count(text).ShouldBeLessThanOrEqualTo(MostWords);
        Words().Count(text[..text.IndexOf("```", StringComparison.Ordinal)]).ShouldBeLessThanOrEqualTo(MostWordsBeforeCode);
    }

    [Theory]
    [InlineData("a();\nb();\n", true)]
    [InlineData("    a();\n    b();\n", true)]
    [InlineData("a();\n\nb();", false)]
    [InlineData("a();\nc();", false)]
    [InlineData("", false)]
    public void IsIn_LinesOfAMethod_AreFoundWholeAndInOrder(string excerpt, bool expected) =>
        CodeExcerpt.IsIn("class A\n{\n    void M()\n    {\n        a();\n        b();\n    }\n}\n", excerpt).ShouldBe(expected);

    [Fact]
    public void CSharpBlocks_WithAndWithoutASample_AreRead() =>
        new MarkdownFile("x.md", "# A\n<!-- from samples/A/B.cs -->\n```csharp\nx();\n```\ntext\n\n```cs\ny();\n```\n```json\n{}\n```\n").CSharpBlocks
            .ShouldBe([("samples/A/B.cs", "x();\n"), (null, "y();\n")]);

    [GeneratedRegex(@"[\p{L}\p{N}]\S*", RegexOptions.None, 1000)]
    private static partial Regex Words();
}
