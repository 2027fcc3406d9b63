using System.Collections;
using System.Reflection;

namespace Runtime.Core.Model.Tests.Engine;

/// <summary>Names words after the fields that hold them, by walking the objects of a scenario. For messages only.</summary>
internal static class LocationNames
{
    private const BindingFlags Fields = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;

    public static void Find(Scenario scenario) => Walk(scenario, "", new HashSet<object>(ReferenceEqualityComparer.Instance), depth: 0);

    private static void Walk(object? value, string path, HashSet<object> seen, int depth)
    {
        if (value is Location location)
        {
            location.Name ??= path;
            return;
        }

        if (value is null or string or Delegate or Execution or Type || depth > 8 || value.GetType().IsPrimitive || (!value.GetType().IsValueType && !seen.Add(value)))
        {
            return;
        }

        if (value is Array array)
        {
            var index = 0;
            foreach (var element in (IEnumerable)array)
            {
                Walk(element, $"{path}[{index++}]", seen, depth + 1);
            }

            return;
        }

        for (var type = value.GetType(); type is not null && type.Namespace?.StartsWith("System", StringComparison.Ordinal) != true; type = type.BaseType)
        {
            foreach (var field in type.GetFields(Fields).Where(static field => !field.FieldType.IsPointer && !field.FieldType.IsByRefLike))
            {
                Walk(field.GetValue(value), Join(path, field.Name), seen, depth + 1);
            }
        }
    }

    private static string Join(string path, string field)
    {
        var name = field.TrimStart('_').Split('>')[0].TrimStart('<');
        return field == "_modelWord" ? path : path.Length == 0 ? name : $"{path}.{name}";
    }
}
