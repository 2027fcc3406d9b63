namespace Runtime.Hosting.Jobs;

/// <summary>A process that runs jobs.</summary>
/// <param name="Name">Its name, for people: machine and process.</param>
/// <param name="JobNames">The names of jobs it knows, earlier ones included; parked jobs of these names are released when it opens the store.</param>
/// <param name="MaxCrashes">How often the process may die in a job before that counts as failed; 1 or more. With one death less a job is a suspect and runs alone.</param>
public sealed record JobNode(string Name, IReadOnlyCollection<string> JobNames, int MaxCrashes)
{
    /// <summary>Gets the number that the store has among several cells; <see langword="null"/>: it is one. A store that others know under another number refuses to open.</summary>
    public int? Cell { get; init; }
}
