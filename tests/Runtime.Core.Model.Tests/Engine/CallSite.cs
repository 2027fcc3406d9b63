using System.Collections.Concurrent;
using System.Diagnostics;
using System.Reflection;

namespace Runtime.Core.Model.Tests.Engine;

/// <summary>A place in the code under test.</summary>
/// <param name="Method">Type and method.</param>
/// <param name="File">The file's name.</param>
/// <param name="Path">The file.</param>
/// <param name="Line">The line.</param>
/// <param name="Offset">Tells several operations on one line apart.</param>
internal sealed record CallSite(string Method, string File, string Path, int Line, int Offset)
{
    private static readonly ConcurrentDictionary<(MethodBase Method, int Offset), CallSite> Known = [];

    /// <summary>The innermost frame that belongs neither to the engine nor to the atomic types. Microseconds.</summary>
    public static CallSite? OfCaller()
    {
        var stack = new StackTrace(1, fNeedFileInfo: false);
        for (var i = 0; i < stack.FrameCount; i++)
        {
            var frame = stack.GetFrame(i)!;
            if (frame.GetMethod() is { } method && !IsMachinery(method.DeclaringType))
            {
                var key = (method, frame.GetILOffset());
                return Known.TryGetValue(key, out var known) ? known : Known.GetOrAdd(key, Read(method, key.Item2));
            }
        }

        return null;
    }

    public override string ToString() => $"{File}:{Line} {Method}";

    private static bool IsMachinery(Type? type)
    {
        while (type?.DeclaringType is { } outer)
        {
            type = outer;
        }

        return type is null || type.Namespace == typeof(CallSite).Namespace || type.IsDefined(typeof(ModelTypeAttribute), inherit: false);
    }

    // The same frame once more, with file and line.
    private static CallSite Read(MethodBase method, int offset)
    {
        var frame = new StackTrace(1, fNeedFileInfo: true).GetFrames().First(frame => frame.GetMethod() == method && frame.GetILOffset() == offset);
        var path = frame.GetFileName() ?? "";
        return new CallSite(NameOf(method), System.IO.Path.GetFileName(path), path, frame.GetFileLineNumber(), offset);
    }

    private static string NameOf(MethodBase method) =>
        $"{method.DeclaringType?.Name}.{method.Name.Replace("get_", "", StringComparison.Ordinal).Replace("set_", "", StringComparison.Ordinal)}";
}

/// <summary>Marks the types that stand in for the product's atomic words: not the code under test.</summary>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Struct)]
internal sealed class ModelTypeAttribute : Attribute;
