namespace Architecture.Tests.Structure;

public sealed class FolderArrowsTests
{
    [Fact]
    public void RuntimeCore_EveryFile_UsesOnlyWhatItsFolderMay() =>
        Repository.Sources("src/Runtime.Core").SelectMany(FolderArrows.Violations).ShouldBeEmpty();

    [Fact]
    public void RuntimeCore_EveryFile_HasTheNamespaceOfItsFolder()
    {
        foreach (var file in Repository.Sources("src/Runtime.Core"))
        {
            var expected = file.Feature.Length == 0 ? FolderArrows.RootNamespace : $"{FolderArrows.RootNamespace}.{file.Feature}";
            if (file.Code.Contains("namespace ", StringComparison.Ordinal))
            {
                file.Code.ShouldContain($"namespace {expected};", Case.Sensitive, file.Path);
            }
        }
    }

    [Theory]
    [InlineData("Timing", "using Runtime.Core.Scheduling;", "Timing uses Scheduling")]
    [InlineData("Scheduling", "using static Runtime.Core.Tuning.Bounds;", "Scheduling uses Tuning")]
    [InlineData("Scheduling", "using Clock = Runtime.Core.Timing.TimerWheel;", "Scheduling uses Timing")]
    [InlineData("Memory", "class A { Runtime.Core.Lifecycle.RuntimeState s; }", "Memory uses Lifecycle")]
    [InlineData("Memory", "class A { global::Runtime.Core.IO.EventLoop s; }", "Memory uses IO")]
    [InlineData("Timing", "class A { Scheduling.Injector s; }", "Timing uses Scheduling")]
    [InlineData("Tuning", "using Runtime.Core.Execution;", "Tuning uses Execution")]
    [InlineData("Timing", "class A { AsyncRuntime runtime; }", "Timing uses AsyncRuntime")]
    [InlineData("Execution", "class A { AsyncRuntime runtime; }", "Execution uses AsyncRuntime")]
    [InlineData("Helpers", "class A;", "'Helpers' is not in the picture")]
    public void Violations_ArrowAgainstThePicture_AreFound(string folder, string code, string expected) =>
        FolderArrows.Violations(File(folder, code)).ShouldHaveSingleItem().ShouldContain(expected);

    [Theory]
    [InlineData("", "using Runtime.Core.Tuning; class A { AsyncRuntime r; Scheduling.Worker w; }")]
    [InlineData("Tuning", "using Runtime.Core.Scheduling; using Runtime.Core.Timing; using Runtime.Core.Lifecycle;")]
    [InlineData("Scheduling", "using System.IO; using Runtime.Core.Lifecycle; class A { AsyncRuntimeOptions o; }")]
    [InlineData("Timing", "// using Runtime.Core.Scheduling;\n/* Scheduling.Worker */ class A { string s = \"Scheduling.Worker\"; }")]
    [InlineData("Memory", "class A { int x = options.Timing.Value + System.IO.Path.DirectorySeparatorChar; }")]
    public void Violations_ArrowsOfThePicture_AreNone(string folder, string code) =>
        FolderArrows.Violations(File(folder, code)).ShouldBeEmpty();

    private static SourceFile File(string folder, string code) =>
        new(folder.Length == 0 ? "src/Runtime.Core/A.cs" : $"src/Runtime.Core/{folder}/A.cs", code);
}
