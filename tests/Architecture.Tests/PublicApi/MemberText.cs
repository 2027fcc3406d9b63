using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;

namespace Architecture.Tests.PublicApi;

/// <summary>Writes a member on one line, or nothing when users cannot reach it.</summary>
internal static class MemberText
{
    // Attributes that change what a caller may write, or what the compiler tells him.
    private static readonly Type[] Told = [typeof(ObsoleteAttribute), typeof(ExperimentalAttribute), typeof(NotNullWhenAttribute), typeof(MaybeNullWhenAttribute), typeof(DoesNotReturnAttribute)];

    public static string? Of(MemberInfo member) => member switch
    {
        FieldInfo field when IsVisible(field.IsPublic, field.IsFamily || field.IsFamilyOrAssembly, field) => OfField(field),
        ConstructorInfo constructor when IsVisible(constructor) && !constructor.IsStatic =>
            $"{Attributes(constructor)}{Access(constructor)}{constructor.DeclaringType!.Name.Split('`')[0]}({Parameters(constructor)})",
        PropertyInfo property when property.GetAccessors(nonPublic: true).Any(IsVisible) => OfProperty(property),
        EventInfo @event when IsVisible(@event.AddMethod!) =>
            $"{Attributes(@event)}{Access(@event.AddMethod!)}{Modifiers(@event.AddMethod!)}event {TypeName.Of(@event.EventHandlerType!, Nullability.Of(@event))} {@event.Name}",
        MethodInfo method when IsVisible(method) && (!method.IsSpecialName || method.Name.StartsWith("op_", StringComparison.Ordinal)) =>
            $"{Attributes(method)}{Access(method)}{Modifiers(method)}{Return(method)} {method.Name}{Generics(method)}({Parameters(method)}){TypeText.Constraints(method.GetGenericArguments())}",
        _ => null,
    };

    public static string Return(MethodInfo method) =>
        (method.ReturnType.IsByRef ? "ref " : "") + TypeName.Of(method.ReturnType, Nullability.Of(method.ReturnParameter));

    public static string Parameters(MethodBase method) => string.Join(", ", method.GetParameters().Select(parameter =>
        (parameter.Position == 0 && method.IsDefined(typeof(ExtensionAttribute)) ? "this " : "") + OfParameter(parameter)));

    public static string Attributes(ICustomAttributeProvider member) => string.Concat(Told.SelectMany(type => member.GetCustomAttributes(type, inherit: false)).Select(attribute => attribute switch
    {
        ObsoleteAttribute when member.IsDefined(typeof(CompilerFeatureRequiredAttribute), inherit: false) => "", // for compilers too old for `required`
        ObsoleteAttribute obsolete => $"[Obsolete(\"{obsolete.Message}\")] ",
        ExperimentalAttribute experimental => $"[Experimental(\"{experimental.DiagnosticId}\")] ",
        NotNullWhenAttribute notNull => $"[NotNullWhen({Literal(notNull.ReturnValue)})] ",
        MaybeNullWhenAttribute maybeNull => $"[MaybeNullWhen({Literal(maybeNull.ReturnValue)})] ",
        _ => $"[{attribute.GetType().Name[..^nameof(Attribute).Length]}] ",
    }));

    private static string OfParameter(ParameterInfo parameter)
    {
        var how = parameter.IsOut ? "out "
            : parameter.ParameterType.IsByRef ? (parameter.IsIn ? "in " : "ref ")
            : parameter.IsDefined(typeof(ParamArrayAttribute)) || parameter.IsDefined(typeof(ParamCollectionAttribute)) ? "params " : "";
        var value = parameter.HasDefaultValue ? " = " + Literal(parameter.DefaultValue, parameter.ParameterType) : "";
        return $"{Attributes(parameter)}{how}{TypeName.Of(parameter.ParameterType, Nullability.Of(parameter))} {parameter.Name}{value}";
    }

    private static string OfField(FieldInfo field)
    {
        var modifiers = field.IsLiteral ? "const " : (field.IsStatic ? "static " : "") + (field.IsInitOnly ? "readonly " : "");
        var value = field.IsLiteral ? " = " + Literal(field.GetRawConstantValue(), field.FieldType) : "";
        return $"{Attributes(field)}{(field.IsPublic ? "" : "protected ")}{modifiers}{TypeName.Of(field.FieldType, Nullability.Of(field))} {field.Name}{value}";
    }

    private static string OfProperty(PropertyInfo property)
    {
        var accessors = property.GetAccessors(nonPublic: true).Where(IsVisible).ToArray();
        var widest = accessors.FirstOrDefault(static accessor => accessor.IsPublic) ?? accessors[0];
        var required = property.IsDefined(typeof(RequiredMemberAttribute)) ? "required " : "";
        var name = property.GetIndexParameters().Length == 0 ? property.Name : $"this[{string.Join(", ", property.GetIndexParameters().Select(OfParameter))}]";
        var body = string.Concat(accessors.Select(accessor => (Access(accessor) == Access(widest) ? "" : Access(accessor)) + Verb(accessor) + "; "));
        return $"{Attributes(property)}{Access(widest)}{Modifiers(widest)}{required}{TypeName.Of(property.PropertyType, Nullability.Of(property))} {name} {{ {body}}}";
    }

    private static string Verb(MethodInfo accessor) => accessor.ReturnType != typeof(void) ? "get"
        : accessor.ReturnParameter.GetRequiredCustomModifiers().Contains(typeof(IsExternalInit)) ? "init" : "set";

    private static string Generics(MethodInfo method) =>
        method.IsGenericMethodDefinition ? $"<{string.Join(", ", method.GetGenericArguments().Select(static argument => argument.Name))}>" : "";

    // A member of an interface is public and abstract by being there.
    private static string Access(MethodBase method) => method.IsPublic ? "" : "protected ";

    private static string Modifiers(MethodInfo method) =>
        method.IsStatic ? (method.DeclaringType!.IsInterface && method.IsAbstract ? "static abstract " : "static ")
        : method.DeclaringType!.IsInterface ? (method.IsAbstract ? "" : "virtual ")
        : !method.IsVirtual || (method.IsFinal && method.GetBaseDefinition() == method) ? "" // final and new: it implements an interface
        : method.GetBaseDefinition() != method ? (method.IsFinal ? "sealed override " : method.IsAbstract ? "abstract override " : "override ")
        : method.IsAbstract ? "abstract " : "virtual ";

    private static bool IsVisible(MethodBase method) => IsVisible(method.IsPublic, method.IsFamily || method.IsFamilyOrAssembly, method);

    private static bool IsVisible(bool isPublic, bool isForHeirs, MemberInfo member) =>
        isPublic || (isForHeirs && member.DeclaringType is { IsSealed: false });

    private static string Literal(object? value, Type? type = null) => value switch
    {
        null => type is { IsValueType: true } && Nullable.GetUnderlyingType(type) is null ? "default" : "null",
        string text => $"\"{text}\"",
        bool truth => truth ? "true" : "false",
        _ when type is { IsEnum: true } => $"{type.Name}.{Enum.ToObject(type, value)}",
        _ => Convert.ToString(value, CultureInfo.InvariantCulture)!,
    };
}
