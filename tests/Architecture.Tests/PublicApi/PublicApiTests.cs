using Architecture.Tests.Structure;

namespace Architecture.Tests.PublicApi;

/// <summary>Nobody changes what users compile against without seeing it: the surface stands in a text file beside this one.</summary>
public sealed class PublicApiTests
{
    private const string Folder = "tests/Architecture.Tests/PublicApi";
    private const string Approve = "APPROVE=1 ./test.sh --filter FullyQualifiedName~PublicApi";

    [Theory]
    [MemberData(nameof(ProductAssemblies.Names), MemberType = typeof(ProductAssemblies))]
    public void Surface_OfEachProductAssembly_IsTheApprovedOne(string assembly)
    {
        var actual = ApiDump.Of(ProductAssemblies.ByName(assembly));
        var approvedPath = Repository.PathOf($"{Folder}/{assembly}.approved.txt");
        var receivedPath = Repository.PathOf($"{Folder}/{assembly}.received.txt");

        if (Environment.GetEnvironmentVariable("APPROVE") == "1" && Environment.GetEnvironmentVariable("CI") is null)
        {
            File.WriteAllText(approvedPath, actual);
        }

        var approved = File.Exists(approvedPath) ? File.ReadAllText(approvedPath) : "";
        if (approved == actual)
        {
            File.Delete(receivedPath);
            return;
        }

        File.WriteAllText(receivedPath, actual);
        Assert.Fail($"""
            The public surface of {assembly} is not the approved one (- approved, + now):
            {LineDiff.Between(approved, actual)}
            If users should get this change, approve it with

                {Approve}

            commit {Folder}/{assembly}.approved.txt, and say it in CHANGELOG.md.
            """);
    }
}
