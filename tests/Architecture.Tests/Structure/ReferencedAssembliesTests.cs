using System.Reflection;

namespace Architecture.Tests.Structure;

public sealed class ReferencedAssembliesTests
{
    // "The BCL" is what ships in the shared framework's folder, whatever its name begins with.
    private static readonly string BclFolder = Path.GetDirectoryName(typeof(object).Assembly.Location)!;
    private static readonly string AspNetCoreFolder = Path.GetDirectoryName(typeof(Microsoft.AspNetCore.Http.HttpContext).Assembly.Location)!;

    // docs/dependencies.md says why each is there.
    private static readonly string[] HostingPackages = ["OpenTelemetry", "OpenTelemetry.Api", "OpenTelemetry.Api.ProviderBuilderExtensions", "Polly.Core", "Quartz", "Scrutor"];

    [Fact]
    public void RuntimeCore_References_TheBclOnly() =>
        Beyond(ProductAssemblies.Core, BclFolder).ShouldBeEmpty();

    [Fact]
    public void RuntimeHosting_References_TheFrameworkAndTheAgreedPackagesOnly() =>
        Beyond(ProductAssemblies.Hosting, BclFolder, AspNetCoreFolder)
            .Except([.. HostingPackages, ProductAssemblies.Core.GetName().Name], StringComparer.Ordinal)
            .ShouldBeEmpty();

    [Fact]
    public void RuntimeJobsSqlite_References_TheFrameworkTheHostingAndItsDatabaseOnly() =>
        Beyond(ProductAssemblies.Sqlite, BclFolder, AspNetCoreFolder)
            .Except(["Microsoft.Data.Sqlite", "SQLitePCLRaw.core", ProductAssemblies.Core.GetName().Name, ProductAssemblies.Hosting.GetName().Name], StringComparer.Ordinal)
            .ShouldBeEmpty();

    [Fact]
    public void Beyond_AReferenceToATestLibrary_IsFound() =>
        Beyond(typeof(ReferencedAssembliesTests).Assembly, BclFolder, AspNetCoreFolder).ShouldContain("Shouldly");

    private static IEnumerable<string?> Beyond(Assembly assembly, params string[] frameworkFolders) =>
        assembly.GetReferencedAssemblies()
            .Select(static reference => reference.Name)
            .Where(name => !frameworkFolders.Any(folder => File.Exists(Path.Combine(folder, name + ".dll"))));
}
