using System.Collections.Frozen;
using System.Text.RegularExpressions;

namespace Architecture.Tests.Structure;

/// <summary>Which folder of Runtime.Core may use which; the picture in docs/architecture.md.</summary>
/// <remarks>
/// A file depends on a folder when it names the folder's namespace: in a using line, in full (<c>Runtime.Core.Timing.X</c>),
/// or from inside by its last part (<c>Timing.X</c>). Folders also keep off <c>AsyncRuntime</c>, which stands in the root
/// namespace and so needs no using line; the other types there are plain data that every folder may use.
/// </remarks>
internal static class FolderArrows
{
    public const string RootNamespace = "Runtime.Core";

    private const string TheRuntime = "AsyncRuntime";

    private static readonly string[] Leaves = ["Lifecycle", "Diagnostics", "Topology", "Memory", "Concurrency"];

    // Atomic words, fences and locks: what the lock-free files of the leaves are written against too.
    private const string Words = "Concurrency";
    private static readonly string[] Engine = ["Scheduling", "Timing"];
    private static readonly string[] Upper = ["Tuning", "Execution", "IO", "Cleanup"];

    private static readonly FrozenDictionary<string, string[]> Allowed =
        Leaves.Select(static folder => KeyValuePair.Create(folder, folder == "Memory" ? new[] { Words } : []))
            .Concat(Engine.Select(static folder => KeyValuePair.Create(folder, Leaves)))
            .Concat(Upper.Select(static folder => KeyValuePair.Create(folder, Engine.Concat(Leaves).ToArray())))
            .ToFrozenDictionary(StringComparer.Ordinal);

    public static IReadOnlyCollection<string> Folders => Allowed.Keys;

    public static IEnumerable<string> Violations(SourceFile file)
    {
        if (file.Feature.Length == 0)
        {
            yield break; // the root composes everything
        }

        if (!Allowed.TryGetValue(file.Feature, out var allowed))
        {
            yield return $"{file.Path}: the folder '{file.Feature}' is not in the picture. Choose one of {string.Join(", ", Allowed.Keys.Order(StringComparer.Ordinal))}, or draw it into {nameof(FolderArrows)} and docs/architecture.md.";
            yield break;
        }

        foreach (var (line, target) in References(file))
        {
            if (target != file.Feature && !allowed.Contains(target, StringComparer.Ordinal))
            {
                yield return $"{file.Path}:{line}: {file.Feature} uses {target}; it may use {(allowed.Length == 0 ? "nothing" : string.Join(", ", allowed))}.";
            }
        }
    }

    private static IEnumerable<(int Line, string Target)> References(SourceFile file)
    {
        var folders = string.Join('|', Allowed.Keys);
        // The look-behind keeps System.IO and members like options.Timing out: only Runtime.Core. or nothing may stand before.
        var names = new Regex($@"(?:\bRuntime\.Core\.|(?<![\w.]))(?<folder>{folders})(?:\.(?=[A-Z])|\s*;)|(?<![\w.])(?<root>{TheRuntime})\b", RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(10));

        foreach (Match match in names.Matches(file.Code))
        {
            var target = match.Groups["root"].Success ? TheRuntime : match.Groups["folder"].Value;
            yield return (file.LineOf(match.Index), target);
        }
    }
}
