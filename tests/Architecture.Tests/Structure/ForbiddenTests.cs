using System.Text.RegularExpressions;

namespace Architecture.Tests.Structure;

/// <summary>What has no place in the product, whoever writes it.</summary>
public sealed partial class ForbiddenTests
{
    private static readonly string[] DrawerNames = ["Interfaces", "Models", "Helpers", "Utils", "Extensions", "Abstractions", "Common", "Misc"];

    [Fact]
    public void Folders_NamedAfterAKindOfFile_AreNone() =>
        Repository.Sources("src").Select(static file => file.Path)
            .Where(static path => path.Split('/').SkipLast(1).Any(static part => DrawerNames.Contains(part, StringComparer.OrdinalIgnoreCase)))
            .ShouldBeEmpty("A folder is a feature.");

    [Fact]
    public void Types_NamedRuntime_AreNone() =>
        ProductAssemblies.All.SelectMany(static assembly => assembly.GetTypes())
            .Where(static type => type.Name is "Runtime")
            .ShouldBeEmpty("Inside Runtime.Core such a type breaks name lookup.");

    [Theory]
    [InlineData("src")]
    [InlineData("samples")]
    public void Sources_LeftUnfinished_AreNone(string folder) => Find(folder, Unfinished(), static file => file.Text);

    [Theory]
    [InlineData("src")]
    [InlineData("samples")]
    [InlineData("tests")]
    public void AsyncVoid_AnyMethodOrFunction_IsNone(string folder) => Find(folder, AsyncVoid(), static file => file.Code);

    [Fact]
    public void Tests_Skipped_AreNone() => Find("tests", SkippedTest(), static file => file.Code);

    [Theory]
    [InlineData("throw new NotImplementedException();")]
    [InlineData("x(); // TODO later")]
    [InlineData("/* FIXME */")]
    public void Unfinished_ItsMarks_Match(string code) => Unfinished().IsMatch(code).ShouldBeTrue();

    [Theory]
    [InlineData("private async void OnTick()", true)]
    [InlineData("async static  void Main()", true)]
    [InlineData("async Task<int> VoidAsync()", false)]
    public void AsyncVoid_ByDeclaration_Matches(string code, bool expected) => AsyncVoid().IsMatch(code).ShouldBe(expected);

    private static void Find(string folder, Regex pattern, Func<SourceFile, string> text) =>
        Repository.Sources(folder)
            .Where(static file => !file.Path.StartsWith("tests/Architecture.Tests/Structure/", StringComparison.Ordinal)) // names what it forbids
            .SelectMany(file => pattern.Matches(text(file)).Select(match => $"{file.Path}: {match.Value.Trim()}"))
            .ShouldBeEmpty();

    [GeneratedRegex(@"\bNotImplementedException\b|\bTODO\b|\bFIXME\b|\bHACK\b", RegexOptions.None, 1000)]
    private static partial Regex Unfinished();

    [GeneratedRegex(@"\basync\s+(?:static\s+)?void\b", RegexOptions.None, 1000)]
    private static partial Regex AsyncVoid();

    [GeneratedRegex(@"\bSkip\s*=", RegexOptions.None, 1000)]
    private static partial Regex SkippedTest();
}
