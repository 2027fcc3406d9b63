namespace Architecture.Tests.Structure;

public sealed class SolutionTests
{
    [Fact]
    public void Solution_EveryProjectOfTheTree_IsInIt()
    {
        var solution = File.ReadAllText(Repository.PathOf("Hosting.sln")).Replace('\\', '/');

        Repository.FilesUnder(".", "*.csproj").Where(project => !solution.Contains($"\"{project}\"", StringComparison.Ordinal))
            .ShouldBeEmpty("A project outside the solution is built and tested by nobody: dotnet sln Hosting.sln add …");
    }

    [Fact]
    public void Projects_VersionsOfPackages_StandInOnePlace() =>
        Repository.FilesUnder(".", "*.csproj").Where(static project => File.ReadAllText(Repository.PathOf(project)).Contains("Version=\"", StringComparison.Ordinal))
            .ShouldBeEmpty("Versions stand once, in Directory.Packages.props.");
}
