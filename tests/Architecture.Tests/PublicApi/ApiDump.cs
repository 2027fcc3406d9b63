using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text;

namespace Architecture.Tests.PublicApi;

/// <summary>The public surface of an assembly as text: what users can name, derive from or call, and nothing else.</summary>
/// <remarks>Sorted by name, so the text depends on the surface alone and not on the order of declaration.</remarks>
internal static class ApiDump
{
    private const BindingFlags Declared = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    public static string Of(Assembly assembly) => Of(assembly.GetExportedTypes());

    public static string Of(IEnumerable<Type> types)
    {
        var text = new StringBuilder();
        var byNamespace = types.Where(IsVisible).GroupBy(static type => type.Namespace ?? "").OrderBy(static group => group.Key, StringComparer.Ordinal);
        foreach (var group in byNamespace)
        {
            text.Append("namespace ").Append(group.Key).Append('\n');
            foreach (var (type, declaration) in group.Select(static type => (type, TypeText.Declaration(type))).OrderBy(static pair => pair.type.FullName, StringComparer.Ordinal))
            {
                text.Append('\n').Append(declaration).Append('\n');
                foreach (var member in MembersOf(type))
                {
                    text.Append("    ").Append(member).Append('\n');
                }
            }

            text.Append('\n');
        }

        return text.ToString().TrimEnd('\n') + "\n";
    }

    private static IEnumerable<string> MembersOf(Type type)
    {
        if (type.IsEnum)
        {
            // An enum's numbers are part of its contract: they stand in stores and on the wire.
            return type.GetFields(BindingFlags.Public | BindingFlags.Static)
                .OrderBy(static field => Convert.ToInt64(field.GetRawConstantValue(), null))
                .Select(static field => $"{field.Name} = {field.GetRawConstantValue()}");
        }

        if (type.IsAssignableTo(typeof(Delegate)))
        {
            return []; // the declaration says it all
        }

        return type.GetMembers(Declared)
            .Where(static member => !member.Name.Contains('<', StringComparison.Ordinal))
            .Where(member => !(TypeText.IsRecord(type) && member is MethodInfo && member.IsDefined(typeof(CompilerGeneratedAttribute)))) // the word record says it
            .Select(static member => (Rank: RankOf(member), member.Name, Text: MemberText.Of(member)))
            .Where(static line => line.Text is not null)
            .OrderBy(static line => line.Rank).ThenBy(static line => line.Name, StringComparer.Ordinal).ThenBy(static line => line.Text, StringComparer.Ordinal)
            .Select(static line => line.Text!);
    }

    // Nested types are exported even when what they are nested in can only be reached by deriving; a private one never is.
    private static bool IsVisible(Type type) => type.IsVisible && !type.Name.Contains('<', StringComparison.Ordinal);

    private static int RankOf(MemberInfo member) => member.MemberType switch
    {
        MemberTypes.Field => 0,
        MemberTypes.Constructor => 1,
        MemberTypes.Property => 2,
        MemberTypes.Event => 3,
        _ => 4,
    };
}
