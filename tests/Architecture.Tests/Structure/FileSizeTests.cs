using Xunit.Abstractions;

namespace Architecture.Tests.Structure;

public sealed class FileSizeTests(ITestOutputHelper output)
{
    private const int WantedMedian = 80;
    private const int NineInTen = 250;
    private const int NeedsReason = 400;
    private const int Most = 500;

    [Theory]
    [InlineData("src")]
    [InlineData("samples")]
    [InlineData("tests")]
    [InlineData("benchmarks")]
    public void Files_Over400Lines_SayWhyInTheirFirstLine(string folder) =>
        Repository.Sources(folder).Where(NeedsReasonButHasNone).Select(Describe).ShouldBeEmpty(
            $"Over {NeedsReason} lines: say why in a comment on the first line, or split by role into X.Role.cs.");

    [Theory]
    [InlineData("src")]
    [InlineData("samples")]
    [InlineData("tests")]
    [InlineData("benchmarks")]
    public void Files_Over500Lines_AreNone(string folder) =>
        Repository.Sources(folder).Where(static file => file.Lines.Count > Most).Select(Describe).ShouldBeEmpty(
            $"Over {Most} lines: split by role into X.Role.cs.");

    [Fact]
    public void Files_OfTheProduct_AreSmallRooms()
    {
        var sizes = Repository.Sources("src").Select(static file => file.Lines.Count).Order().ToArray();
        var median = sizes[sizes.Length / 2];
        var ninth = sizes[(sizes.Length * 9) / 10];
        output.WriteLine($"{sizes.Length} files of src: median {median} lines, nine in ten up to {ninth}, the longest {sizes[^1]}.");
        if (median > WantedMedian)
        {
            output.WriteLine($"The median is over the {WantedMedian} lines we want: new files should be smaller.");
        }

        ninth.ShouldBeLessThanOrEqualTo(NineInTen, "Nine in ten files of src should fit on a few screens.");
    }

    [Theory]
    [InlineData(400, "using System;", false)]
    [InlineData(401, "using System;", true)]
    [InlineData(401, "// Long: ", true)]
    [InlineData(401, "// One state machine; splitting it would hide the order of its steps.", false)]
    public void NeedsReasonButHasNone_ByLengthAndFirstLine_Answers(int lines, string first, bool expected) =>
        NeedsReasonButHasNone(new SourceFile("src/A/A.cs", first + new string('\n', lines - 1) + "}")).ShouldBe(expected);

    private static bool NeedsReasonButHasNone(SourceFile file) => file.Lines.Count > NeedsReason
        && !(file.Lines[0].StartsWith("// ", StringComparison.Ordinal) && file.Lines[0].Length > 20);

    private static string Describe(SourceFile file) => $"{file.Path}: {file.Lines.Count} lines";
}
