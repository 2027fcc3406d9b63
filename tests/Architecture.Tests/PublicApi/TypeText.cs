using System.Reflection;
using System.Runtime.CompilerServices;

namespace Architecture.Tests.PublicApi;

/// <summary>Writes a type's declaration.</summary>
internal static class TypeText
{
    public static string Declaration(Type type)
    {
        var name = TypeName.Declared(type);
        if (type.IsAssignableTo(typeof(MulticastDelegate)))
        {
            var invoke = type.GetMethod("Invoke")!;
            return $"{Attributes(type)}public delegate {MemberText.Return(invoke)} {name}({MemberText.Parameters(invoke)}){Constraints(type)}";
        }

        var bases = Bases(type).ToArray();
        return $"{Attributes(type)}public {Modifiers(type)}{Kind(type)} {name}{(bases.Length == 0 ? "" : " : " + string.Join(", ", bases))}{Constraints(type)}";
    }

    /// <summary>The <c>where</c> clauses of a generic type.</summary>
    public static string Constraints(Type type) => Constraints(type.IsGenericTypeDefinition ? type.GetGenericArguments() : []);

    /// <summary>The <c>where</c> clauses of generic parameters.</summary>
    public static string Constraints(Type[] parameters) => string.Concat(parameters.Select(static parameter => (parameter.Name, Clauses: Clauses(parameter).ToArray()))
        .Where(static pair => pair.Clauses.Length > 0)
        .Select(static pair => $" where {pair.Name} : {string.Join(", ", pair.Clauses)}"));

    private static IEnumerable<string> Clauses(Type parameter)
    {
        var flags = parameter.GenericParameterAttributes;
        var isStruct = flags.HasFlag(GenericParameterAttributes.NotNullableValueTypeConstraint);
        if (isStruct)
        {
            yield return parameter.IsDefined(typeof(IsUnmanagedAttribute)) ? "unmanaged" : "struct";
        }
        else if (flags.HasFlag(GenericParameterAttributes.ReferenceTypeConstraint))
        {
            yield return "class";
        }
        else if (Nullability.IsNotNull(parameter))
        {
            yield return "notnull";
        }

        foreach (var constraint in parameter.GetGenericParameterConstraints().Where(static constraint => constraint != typeof(ValueType)))
        {
            yield return TypeName.Of(constraint);
        }

        if (flags.HasFlag(GenericParameterAttributes.DefaultConstructorConstraint) && !isStruct)
        {
            yield return "new()";
        }
    }

    private static string Modifiers(Type type) => type switch
    {
        { IsInterface: true } or { IsEnum: true } => "",
        { IsValueType: true } => (type.IsDefined(typeof(IsReadOnlyAttribute)) ? "readonly " : "") + (type.IsByRefLike ? "ref " : ""),
        { IsAbstract: true, IsSealed: true } => "static ",
        { IsAbstract: true } => "abstract ",
        { IsSealed: true } => "sealed ",
        _ => "",
    };

    private static string Kind(Type type) => type switch
    {
        { IsInterface: true } => "interface",
        { IsEnum: true } => "enum",
        { IsValueType: true } => IsRecord(type) ? "record struct" : "struct",
        _ => IsRecord(type) ? "record" : "class",
    };

    /// <summary>Whether the compiler wrote the members of a record for it.</summary>
    public static bool IsRecord(Type type) =>
        type.GetMethod("PrintMembers", BindingFlags.Instance | BindingFlags.NonPublic)?.IsDefined(typeof(CompilerGeneratedAttribute)) == true;

    private static IEnumerable<string> Bases(Type type)
    {
        if (type.IsEnum)
        {
            var underlying = Enum.GetUnderlyingType(type);
            return underlying == typeof(int) ? [] : [TypeName.Of(underlying)];
        }

        // What a base type or another interface brings along is not said again.
        var inherited = (type.BaseType?.GetInterfaces() ?? []).Concat(type.GetInterfaces().SelectMany(static face => face.GetInterfaces())).ToHashSet();
        var interfaces = type.GetInterfaces().Where(face => face.IsVisible && !inherited.Contains(face) && !(IsRecord(type) && face == typeof(IEquatable<>).MakeGenericType(type))).Select(static face => TypeName.Of(face)).Order(StringComparer.Ordinal);
        return type.BaseType is { } parent && parent != typeof(object) && parent != typeof(ValueType) ? interfaces.Prepend(TypeName.Of(parent)) : interfaces;
    }

    private static string Attributes(Type type) => (type.IsDefined(typeof(FlagsAttribute)) ? "[Flags] " : "") + MemberText.Attributes(type);
}
