using System.Text;

namespace Runtime.Core.Model.Tests.Engine;

/// <summary>The steps of one execution, in the order they were taken.</summary>
internal sealed class TraceLog
{
    private readonly List<(string Thread, string Operation, Location? Location, string Value, string Site)> _steps = [];

    public void Add(ModelThread thread, string operation, Location? location, string value) =>
        _steps.Add((thread.Name, operation, location, value, CallSite.OfCaller()?.ToString() ?? ""));

    public override string ToString()
    {
        var text = new StringBuilder();
        foreach (var (thread, operation, location, value, site) in _steps)
        {
            text.Append($"{thread,-10} {operation,-18} {location?.ToString() ?? "",-36} {value,-22} {site}".TrimEnd()).Append('\n');
        }

        return text.ToString();
    }
}
