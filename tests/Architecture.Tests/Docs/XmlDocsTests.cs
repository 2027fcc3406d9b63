using System.Reflection;
using System.Runtime.CompilerServices;
using System.Xml.Linq;
using Architecture.Tests.Structure;

namespace Architecture.Tests.Docs;

/// <summary>What the compiler does not ask for: that a public method explains its parameters and result, and an option its value.</summary>
public sealed class XmlDocsTests
{
    private const BindingFlags Declared = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    [Theory]
    [MemberData(nameof(ProductAssemblies.Names), MemberType = typeof(ProductAssemblies))]
    public void PublicMembers_OfEachProductAssembly_AreExplained(string assembly)
    {
        var members = XDocument.Load(Path.Combine(AppContext.BaseDirectory, assembly + ".xml")).Descendants("member").ToLookup(static member => IdWithoutParameters(member.Attribute("name")!.Value));

        members.ShouldNotBeEmpty();
        ProductAssemblies.ByName(assembly).GetExportedTypes().Where(static type => !type.IsEnum).SelectMany(type => Gaps(type, members)).ShouldBeEmpty();
    }

    private static IEnumerable<string> Gaps(Type type, ILookup<string, XElement> members)
    {
        var methods = type.GetMembers(Declared).OfType<MethodBase>().Where(IsWrittenAndVisible).GroupBy(static method => Id('M', method));
        foreach (var overloads in methods)
        {
            // An overload's document has as many parameters as it has; one that inherits its text has what it inherits.
            var documents = members[overloads.Key].Where(static document => document.Element("inheritdoc") is null).ToArray();
            foreach (var document in documents)
            {
                var told = document.Elements("param").Select(static param => param.Attribute("name")!.Value).ToHashSet(StringComparer.Ordinal);
                var candidates = overloads.Where(method => told.IsSubsetOf(method.GetParameters().Select(static parameter => parameter.Name!))).ToArray();
                if (!candidates.Any(method => method.GetParameters().Length == told.Count && (method is not MethodInfo { ReturnType: var result } || result == typeof(void) || document.Element("returns") is not null)))
                {
                    yield return $"{document.Attribute("name")!.Value}: each parameter needs a <param>, a result its <returns>.";
                }
            }
        }

        foreach (var property in type.GetProperties(Declared).Where(property => type.Name.EndsWith("Options", StringComparison.Ordinal) && property.SetMethod is { IsPublic: true } && IsScalar(property.PropertyType)))
        {
            foreach (var document in members[Id('P', property)].Where(static document => document.Element("value") is null && document.Element("inheritdoc") is null))
            {
                yield return $"{document.Attribute("name")!.Value}: an option says its unit, default and range in a <value>.";
            }
        }
    }

    private static bool IsWrittenAndVisible(MethodBase method) =>
        (method.IsPublic || ((method.IsFamily || method.IsFamilyOrAssembly) && !method.DeclaringType!.IsSealed))
        && (!method.IsSpecialName || method.IsConstructor) && !method.IsDefined(typeof(CompilerGeneratedAttribute)) && !method.Name.Contains('<', StringComparison.Ordinal)
        && !method.DeclaringType!.IsAssignableTo(typeof(Delegate));

    private static bool IsScalar(Type type) => type.IsValueType || type == typeof(string);

    private static string Id(char kind, MemberInfo member) => $"{kind}:{member.DeclaringType!.FullName!.Replace('+', '.')}.{member.Name.Replace('.', '#')}";

    private static string IdWithoutParameters(string name) => name.Split('(')[0].Split("``")[0];
}
