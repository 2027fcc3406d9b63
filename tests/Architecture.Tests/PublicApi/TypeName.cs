using System.Collections.Frozen;
using System.Reflection;

namespace Architecture.Tests.PublicApi;

/// <summary>Writes types as C# does: keywords, generic arguments, nullability; without namespaces.</summary>
internal static class TypeName
{
    private static readonly FrozenDictionary<Type, string> Keywords = new Dictionary<Type, string>
    {
        [typeof(void)] = "void",
        [typeof(object)] = "object",
        [typeof(string)] = "string",
        [typeof(bool)] = "bool",
        [typeof(char)] = "char",
        [typeof(byte)] = "byte",
        [typeof(sbyte)] = "sbyte",
        [typeof(short)] = "short",
        [typeof(ushort)] = "ushort",
        [typeof(int)] = "int",
        [typeof(uint)] = "uint",
        [typeof(long)] = "long",
        [typeof(ulong)] = "ulong",
        [typeof(float)] = "float",
        [typeof(double)] = "double",
        [typeof(decimal)] = "decimal",
        [typeof(nint)] = "nint",
        [typeof(nuint)] = "nuint",
    }.ToFrozenDictionary();

    /// <summary>The name at its declaration: <c>Outer.Inner&lt;T&gt;</c>.</summary>
    public static string Declared(Type type) => WithOuter(type, static parameter => (parameter.GenericParameterAttributes & GenericParameterAttributes.VarianceMask) switch
    {
        GenericParameterAttributes.Covariant => "out " + parameter.Name,
        GenericParameterAttributes.Contravariant => "in " + parameter.Name,
        _ => parameter.Name,
    });

    /// <summary>The name at a use, with its marks of nullability.</summary>
    public static string Of(Type type, Nullability? nullability = null)
    {
        nullability ??= Nullability.Unknown;
        if (type.IsByRef || type.IsPointer)
        {
            return Of(type.GetElementType()!, nullability) + (type.IsPointer ? "*" : "");
        }

        if (Nullable.GetUnderlyingType(type) is { } underlying)
        {
            return Of(underlying, nullability) + "?";
        }

        // A plain struct has no note; the note of a generic one is always 0.
        var mark = (!type.IsValueType || type.IsGenericType) && nullability.NextIsMarked() ? "?" : "";
        var name = type.IsArray ? $"{Of(type.GetElementType()!, nullability)}[{new string(',', type.GetArrayRank() - 1)}]"
            : type.IsGenericParameter ? type.Name
            : Keywords.TryGetValue(type, out var keyword) ? keyword
            : WithOuter(type, argument => Of(argument, nullability));
        return name + mark;
    }

    private static string WithOuter(Type type, Func<Type, string> write)
    {
        // Reflection gives a nested type the arguments of its outer types too, first; each is written once, in order.
        var arguments = type.GetGenericArguments();
        var chain = new Stack<Type>();
        for (var each = type; each is not null; each = each.DeclaringType)
        {
            chain.Push(each);
        }

        var written = 0;
        return string.Join('.', chain.Select(each =>
        {
            var own = arguments[written..each.GetGenericArguments().Length];
            written += own.Length;
            return each.Name.Split('`')[0] + (own.Length == 0 ? "" : $"<{string.Join(", ", own.Select(write))}>");
        }));
    }
}
