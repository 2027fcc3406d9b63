namespace Runtime.Benchmarks.Harness;

/// <summary>One subcommand of the benchmark program. Each has a folder of its own; what two of them need is in Harness.</summary>
internal abstract class BenchmarkCommand
{
    /// <summary>Gets the word on the command line.</summary>
    public abstract string Name { get; }

    /// <summary>Gets what it measures, in a line.</summary>
    public abstract string Summary { get; }

    /// <summary>Gets the options it knows.</summary>
    public abstract IReadOnlyList<Option> Options { get; }

    /// <summary>Measures and writes markdown.</summary>
    /// <returns>The exit code: 0, or 1 when something that must hold did not.</returns>
    public abstract Task<int> RunAsync(Arguments arguments, TextWriter output);
}

/// <summary>An option <c>--name value</c> of a subcommand; a flag is a bare <c>--name</c>.</summary>
internal sealed record Option(string Name, string Default, string Meaning, bool IsFlag = false);
