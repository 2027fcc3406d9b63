namespace Runtime.Benchmarks.Scheduler.Studies;

/// <summary>A question that no time per operation answers; it has a table of its own.</summary>
internal abstract class Study
{
    /// <summary>Gets the name, for <c>--only</c> and <c>--skip</c>.</summary>
    public abstract string Name { get; }

    /// <summary>Measures and writes the section.</summary>
    public abstract Task RunAsync(StudyContext context, TextWriter output);
}

/// <summary>What the command line says of all studies.</summary>
/// <param name="Settings">The runtime.</param>
/// <param name="Alternation">How shapes are measured.</param>
/// <param name="Quick">Whether to be short rather than exact.</param>
/// <param name="Shapes">The shapes that a study of variants measures; none for those that it chooses itself.</param>
internal sealed record StudyContext(RuntimeSettings Settings, Harness.Alternation Alternation, bool Quick, IReadOnlyList<string> Shapes);
