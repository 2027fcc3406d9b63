using System.Text.RegularExpressions;

namespace Architecture.Tests.Docs;

/// <summary>Nothing is promised that no test holds.</summary>
public sealed partial class GuaranteesTests
{
    private static readonly Lazy<IReadOnlyList<SourceFile>> TestSources = new(static () => Repository.Sources("tests"));

    [Theory]
    [MemberData(nameof(ReadmeTests.Pages), MemberType = typeof(ReadmeTests))]
    public void NamedTests_OfEachPage_Exist(string page) =>
        MarkdownFile.Read(page).NamedTests.Where(static test => !Exists(TestSources.Value, test)).Select(static test => $"{test.Class}.{test.Method}")
            .ShouldBeEmpty($"{page} names tests that are not there.");

    [Fact]
    public void Guarantees_EachSentence_NamesItsTest() =>
        Unheld(MarkdownFile.Read("docs/guarantees.md").Prose).ShouldBeEmpty("Each item of docs/guarantees.md names the test that holds it.");

    [Fact]
    public void Unheld_ItemsWithAndWithoutATest_FindsThoseWithout() =>
        Unheld("- One. `ATests.A_B_C`\n- Two,\n  over two lines. `ATests.A_B_C`\n- Three.\n\nText.\n- Four,\n  long.\n").ShouldBe(["- Three.", "- Four,\n  long."]);

    [Theory]
    [InlineData("QueueTests", "Enqueue_Full_Waits", true)]
    [InlineData("QueueTests", "Enqueue_Full", false)]
    [InlineData("OtherTests", "Enqueue_Full_Waits", false)]
    [InlineData("QueueTests", "Helper_Not_ATest", false)]
    [InlineData("QueueTests", "Drain_Of_Many_Ends", true)]
    public void Exists_ByClassAndMethod_Answers(string className, string method, bool expected) =>
        Exists([new SourceFile("tests/A/QueueTests.cs", """
            public sealed partial class QueueTests
            {
                [Fact]
                public async Task Enqueue_Full_Waits() { }
                private void Helper_Not_ATest() { }
                [Theory]
                [InlineData("]")]
                public void Drain_Of_Many_Ends(string text) { }
            }
            """)], (className, method)).ShouldBe(expected);

    private static bool Exists(IReadOnlyList<SourceFile> sources, (string Class, string Method) test) => sources.Any(file =>
        Regex.IsMatch(file.Code, $@"\bclass\s+{test.Class}\b", RegexOptions.None, TimeSpan.FromSeconds(10))
        && Regex.IsMatch(file.Code, $@"\[(Fact|Theory|Property)\b[^;{{}}]*?\bpublic\s+(async\s+|static\s+)*[\w<>.?]+\s+{test.Method}\s*\(", RegexOptions.None, TimeSpan.FromSeconds(10)));

    private static IEnumerable<string> Unheld(string prose) =>
        Item().Matches(prose).Select(static match => match.Value.TrimEnd()).Where(static item => !new MarkdownFile("", item).NamedTests.Any());

    [GeneratedRegex(@"^- .*(?:\n  .*)*", RegexOptions.Multiline, 1000)]
    private static partial Regex Item();
}
