namespace Runtime.Core.Model.Tests.Engine;

/// <summary>What a thread knows to have happened: of each thread, how many of its steps. Order of clocks is happens-before.</summary>
internal sealed class VectorClock
{
    // Set-up, final check and at most seven threads.
    public const int MaxThreads = 8;

    private readonly int[] _steps;

    public VectorClock() => _steps = new int[MaxThreads];

    private VectorClock(int[] steps) => _steps = steps;

    public int this[int thread] => _steps[thread];

    public void Tick(int thread) => _steps[thread]++;

    public void Join(VectorClock? other)
    {
        if (other is null)
        {
            return;
        }

        for (var i = 0; i < MaxThreads; i++)
        {
            _steps[i] = Math.Max(_steps[i], other._steps[i]);
        }
    }

    public VectorClock Copy() => new((int[])_steps.Clone());
}
