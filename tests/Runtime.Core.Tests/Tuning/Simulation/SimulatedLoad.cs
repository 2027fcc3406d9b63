namespace Runtime.Core.Tests.Tuning.Simulation;

/// <summary>What is asked of a simulated runtime for a while.</summary>
/// <param name="Rate">Items that arrive in a second.</param>
/// <param name="Computing">Seconds that an item needs a processor.</param>
/// <param name="Blocked">Seconds for which it holds its worker and no processor.</param>
/// <param name="Contention">What each worker beyond the processors costs: the share by which the processors get slower for each time over.</param>
/// <param name="BurstSeconds">How long the arrivals of a minute take; 60 for a steady stream.</param>
internal sealed record SimulatedPhase(double Rate, double Computing, double Blocked, double Contention = 0, double BurstSeconds = 60);

/// <summary>A load: phases of equal length, over and over, on so many processors, with so much noise.</summary>
internal sealed record SimulatedLoad(int Processors, double Noise, TimeSpan PhaseLength, params SimulatedPhase[] Phases)
{
    /// <summary>The kinds of load, by name, made from a seed.</summary>
    public static IReadOnlyDictionary<string, Func<Random, SimulatedLoad>> Kinds { get; } = new Dictionary<string, Func<Random, SimulatedLoad>>(StringComparer.Ordinal)
    {
        ["cpu-bound"] = static random => Steady(random, Overload(random, computing: Between(random, 0.002, 0.05), blocked: 0, contention: Between(random, 0, 0.5))),
        ["io-bound"] = static random => Steady(random, new(Between(random, 100, 3000), Between(random, 0.00005, 0.0002), 0)),
        ["blocking"] = static random => Steady(random, Overload(random, computing: Between(random, 0.0005, 0.002), blocked: Between(random, 0.005, 0.05), contention: Between(random, 0, 0.05))),
        ["mixed"] = static random => Steady(random, Overload(random, computing: Between(random, 0.002, 0.02), blocked: Between(random, 0.002, 0.02), contention: Between(random, 0, 0.3))),
        ["noisy"] = static random => Steady(random, Overload(random, computing: Between(random, 0.002, 0.02), blocked: Between(random, 0, 0.02), contention: Between(random, 0, 0.3))) with { Noise = Between(random, 0.05, 0.15) },
        ["moderate"] = static random => Steady(random, new(Between(random, 10, 300), Between(random, 0.0005, 0.003), Between(random, 0, 0.01))),
        ["bursty"] = static random => Steady(random, new(Between(random, 50, 500), Between(random, 0.0005, 0.002), Between(random, 0, 0.02), BurstSeconds: Between(random, 10, 40))),
        ["phase-changing"] = static random => new(
            random.Next(2, 17),
            Between(random, 0.005, 0.04),
            TimeSpan.FromMinutes(20),
            Overload(random, Between(random, 0.002, 0.02), 0, 0.1),
            Overload(random, Between(random, 0.0005, 0.002), Between(random, 0.01, 0.05), 0.02),
            new(Between(random, 10, 200), 0.001, 0.001)),
    };

    /// <summary>Items a second that so many workers can do.</summary>
    public double Capacity(SimulatedPhase phase, int workers)
    {
        var crowd = 1 + (phase.Contention * Math.Max(0, workers - Processors) / Processors);
        return Math.Min(Processors / phase.Computing / crowd, workers / (phase.Computing + phase.Blocked));
    }

    public SimulatedPhase At(TimeSpan time) => Phases[(int)(time / PhaseLength) % Phases.Length];

    private static SimulatedLoad Steady(Random random, SimulatedPhase phase) => new(random.Next(1, 17), Between(random, 0.005, 0.05), TimeSpan.FromDays(1), phase);

    // More than any number of workers can do.
    private static SimulatedPhase Overload(Random random, double computing, double blocked, double contention) => new(Between(random, 20_000, 50_000), computing, blocked, contention);

    private static double Between(Random random, double least, double most) => least + (random.NextDouble() * (most - least));
}
