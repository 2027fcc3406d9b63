using System.Collections;
using System.Reflection;
using System.Runtime.CompilerServices;

namespace Architecture.Tests.Structure;

/// <summary>Finds state that two runtimes in one process would share.</summary>
internal static class StaticState
{
    private const BindingFlags AllStatics = BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;

    public static IEnumerable<string> Violations(IEnumerable<Type> types) =>
        from type in types
        where !IsGenerated(type)
        from field in type.GetFields(AllStatics)
        where !field.IsLiteral && !IsGenerated(field) && !field.IsDefined(typeof(ThreadStaticAttribute))
        let problem = Problem(field)
        where problem is not null
        select $"{type.FullName}.{field.Name}: {problem}";

    private static string? Problem(FieldInfo field)
    {
        if (!field.IsInitOnly)
        {
            return "static, and neither const, readonly nor [ThreadStatic]";
        }

        var type = field.FieldType;
        var isMutableCollection = type.Namespace is "System.Collections.Generic" or "System.Collections.Concurrent"
            && type is { IsInterface: false, IsArray: false } && type.IsAssignableTo(typeof(IEnumerable));
        return isMutableCollection ? $"a static {type.Name} can be changed by anyone; use a frozen or immutable one" : null;
    }

    // Field-like events and auto-properties have generated backing fields, but are written by people: only what the
    // compiler makes for its own use (lambda caches, inline data) and source generators are let through.
    private static bool IsGenerated(MemberInfo member) =>
        member.IsDefined(typeof(System.CodeDom.Compiler.GeneratedCodeAttribute))
        || (member.IsDefined(typeof(CompilerGeneratedAttribute)) && !member.Name.EndsWith("k__BackingField", StringComparison.Ordinal))
        || (member is Type { DeclaringType: { } outer } && IsGenerated(outer));
}
