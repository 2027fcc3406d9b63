using System.Reflection;

namespace Architecture.Tests.PublicApi;

/// <summary>Reads the compiler's notes about null, one for each part of a type, in the order in which the type is written.</summary>
/// <remarks>
/// Roslyn's docs/features/nullable-metadata.md: 1 is not null, 2 is marked with <c>?</c>, 0 says nothing. A note is either on the
/// declaration (<c>NullableAttribute</c>: one byte for all parts, or one each) or on what it stands in (<c>NullableContextAttribute</c>).
/// Parts with a note: reference types, arrays, type parameters, generic structs. <see cref="NullabilityInfoContext"/> does not do
/// here: it calls every unconstrained <c>T</c> nullable, written so or not.
/// </remarks>
internal sealed class Nullability(IReadOnlyList<byte> notes)
{
    private const string Attribute = "System.Runtime.CompilerServices.NullableAttribute";
    private const string ContextAttribute = "System.Runtime.CompilerServices.NullableContextAttribute";

    private int _next; // the note of the part that is written next

    public static Nullability Unknown => new([0]);

    public static Nullability Of(ParameterInfo parameter) => new(Notes(parameter.CustomAttributes, Attribute) ?? Context(parameter.Member));

    public static Nullability Of(MemberInfo member) => new(Notes(member.CustomAttributes, Attribute) ?? Context(member.DeclaringType));

    /// <summary>Whether a generic parameter is constrained with <c>notnull</c>.</summary>
    public static bool IsNotNull(Type parameter) => parameter.GetGenericParameterConstraints().Length == 0
        && (Notes(parameter.CustomAttributes, Attribute) ?? Context((MemberInfo?)parameter.DeclaringMethod ?? parameter.DeclaringType))[0] == 1;

    /// <summary>Whether the next part is marked with <c>?</c>; moves on to the part after it.</summary>
    public bool NextIsMarked() => (notes.Count == 1 ? notes[0] : notes[_next++]) == 2;

    private static IReadOnlyList<byte> Context(MemberInfo? member)
    {
        for (; member is not null; member = member.DeclaringType)
        {
            if (Notes(member.CustomAttributes, ContextAttribute) is { } notes)
            {
                return notes;
            }
        }

        return [0];
    }

    private static IReadOnlyList<byte>? Notes(IEnumerable<CustomAttributeData> attributes, string name) =>
        attributes.FirstOrDefault(data => data.AttributeType.FullName == name)?.ConstructorArguments[0].Value switch
        {
            byte one => [one],
            IReadOnlyCollection<CustomAttributeTypedArgument> each => [.. each.Select(static argument => (byte)argument.Value!)],
            _ => null,
        };
}
