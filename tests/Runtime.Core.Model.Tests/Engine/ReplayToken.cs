using System.Globalization;

namespace Runtime.Core.Model.Tests.Engine;

/// <summary>Says in one line how to repeat an execution: scenario, memory, bound, decisions.</summary>
/// <param name="Name">The scenario.</param>
/// <param name="Options">The bounds; they determine what there was to decide.</param>
/// <param name="Bounded">Whether preemptions were bounded.</param>
/// <param name="Choices">The decisions.</param>
internal sealed record ReplayToken(string Name, ModelOptions Options, bool Bounded, IReadOnlyList<int> Choices)
{
    public const string Variable = "MODEL_REPLAY";

    /// <summary>The token in the environment, if it is for this scenario and memory.</summary>
    public static ReplayToken? FromEnvironment(string name, ModelOptions options) =>
        Environment.GetEnvironmentVariable(Variable) is { } text && Parse(text, options) is { } token && token.Name == name && token.Options.Memory == options.Memory
            ? token
            : null;

    public static ReplayToken? Parse(string text, ModelOptions options)
    {
        var parts = text.Split('/');
        if (parts.Length != 4)
        {
            return null;
        }

        var choices = new List<int>();
        foreach (var run in parts[3].Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            var pair = run.Split('x');
            choices.AddRange(Enumerable.Repeat(Number(pair[0]), pair.Length > 1 ? Number(pair[1]) : 1));
        }

        var bounded = parts[2] != "random";
        var bounds = parts[2].Split('-');
        var memory = Enum.Parse<MemoryKind>(parts[1]);
        return new ReplayToken(
            parts[0],
            bounded ? options with { Memory = memory, Preemptions = Number(bounds[0]), Deviations = Number(bounds[1]) } : options with { Memory = memory },
            bounded,
            choices);
    }

    public override string ToString()
    {
        var runs = new List<string>();
        for (var i = 0; i < Choices.Count;)
        {
            var length = Choices.Skip(i).TakeWhile(choice => choice == Choices[i]).Count();
            runs.Add(length == 1 ? $"{Choices[i]}" : $"{Choices[i]}x{length}");
            i += length;
        }

        return $"{Name}/{Options.Memory}/{(Bounded ? $"{Options.Preemptions}-{Options.Deviations}" : "random")}/{string.Join(',', runs)}";
    }

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);
}
