using System.Globalization;

namespace Runtime.Core.Topology;

/// <summary>The files below a root folder in which Linux describes the machine. What is missing or not to be read is <see langword="null"/>.</summary>
internal sealed class SystemTree(string root)
{
    public string? Text(string path)
    {
        try
        {
            var file = Path.Combine(root, path.TrimStart('/'));
            return File.Exists(file) ? File.ReadAllText(file).Trim() : null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null; // e.g. a processor that is off line: its cache files answer with an error
        }
    }

    public long? Number(string path) => long.TryParse(Text(path), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : null;

    public ProcessorSet? Set(string path) => Text(path) is { } text ? ProcessorSet.Parse(text) : null;

    /// <summary>The numbers n of the folders called <paramref name="prefix"/> and n, in order.</summary>
    public IEnumerable<int> NumberedFolders(string path, string prefix)
    {
        try
        {
            var folder = Path.Combine(root, path.TrimStart('/'));
            return !Directory.Exists(folder)
                ? []
                : [.. Directory.GetDirectories(folder, prefix + "*")
                    .Select(name => int.TryParse(Path.GetFileName(name).AsSpan(prefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var n) ? n : -1)
                    .Where(static n => n >= 0)
                    .Order()];
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
