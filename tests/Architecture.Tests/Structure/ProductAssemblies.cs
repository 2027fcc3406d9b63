using System.Reflection;

namespace Architecture.Tests.Structure;

/// <summary>The assemblies that users get.</summary>
internal static class ProductAssemblies
{
    public static Assembly Core { get; } = typeof(global::Runtime.Core.AsyncRuntime).Assembly;

    public static Assembly Hosting { get; } = typeof(global::Runtime.Hosting.IBackgroundQueue).Assembly;

    public static Assembly Sqlite { get; } = typeof(Microsoft.Extensions.DependencyInjection.SqliteBuilderExtensions).Assembly;

    public static Assembly PostgreSql { get; } = typeof(Microsoft.Extensions.DependencyInjection.PostgreSqlBuilderExtensions).Assembly;

    public static IReadOnlyList<Assembly> All { get; } = [Core, Hosting, Sqlite, PostgreSql];

    public static TheoryData<string> Names => [.. All.Select(static assembly => assembly.GetName().Name!)];

    public static Assembly ByName(string name) => All.Single(assembly => assembly.GetName().Name == name);
}
