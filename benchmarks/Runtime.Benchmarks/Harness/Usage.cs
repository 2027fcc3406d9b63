using System.Text;

namespace Runtime.Benchmarks.Harness;

/// <summary>The help text.</summary>
internal static class Usage
{
    public static string Of(IEnumerable<BenchmarkCommand> commands)
    {
        var text = new StringBuilder("Usage: dotnet run -c Release --project benchmarks/Runtime.Benchmarks -- COMMAND [--option value]...\n");
        foreach (var command in commands)
        {
            text.Append('\n').Append(command.Name).Append(": ").Append(command.Summary).Append('\n');
            foreach (var option in command.Options)
            {
                text.Append("    --").Append(option.Name.PadRight(16)).Append(option.Meaning);
                text.Append(option.Default.Length == 0 ? "\n" : $" (default {option.Default})\n");
            }
        }

        return text.ToString();
    }
}
