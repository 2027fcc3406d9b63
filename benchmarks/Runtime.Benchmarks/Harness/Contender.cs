using System.Runtime.InteropServices;

namespace Runtime.Benchmarks.Harness;

/// <summary>One way of doing the work, set up once and then run for many rounds in turn with the others.</summary>
internal abstract class Contender(string name) : IAsyncDisposable
{
    public string Name { get; } = name;

    /// <summary>Gets the settings that a reader must know to compare.</summary>
    public virtual string Settings => "";

    /// <summary>Gets how many rounds in a row make one measurement, given how many are asked for. Slow contenders need fewer.</summary>
    public virtual int RepeatsOf(int repeats) => repeats;

    /// <summary>Builds and starts whatever is measured. Not timed.</summary>
    public abstract Task StartAsync();

    /// <summary>Runs one round. Called on a thread-pool thread; never two at once.</summary>
    public abstract Task<Lap> RunAsync(int operations);

    /// <summary>Runs rounds in a row.</summary>
    /// <returns>The sum of their laps.</returns>
    public virtual async Task<Lap> RepeatAsync(int operations, int rounds)
    {
        var sum = default(Lap);
        for (var i = rounds; i > 0; i--)
        {
            sum += await RunAsync(operations);
        }

        return sum;
    }

    public abstract ValueTask DisposeAsync();
}

/// <summary>The moments of one round, in timestamp ticks since its start.</summary>
/// <param name="Submitted">When the last operation had been handed over.</param>
/// <param name="Done">When the last operation's body had run.</param>
/// <param name="Settled">When the contender's bookkeeping for all of them was over as well; 0 when it has none that can be seen.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct Lap(long Submitted, long Done, long Settled)
{
    public static Lap operator +(Lap left, Lap right) => new(left.Submitted + right.Submitted, left.Done + right.Done, left.Settled + right.Settled);
}
