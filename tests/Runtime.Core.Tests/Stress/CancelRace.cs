using System.Collections.Concurrent;

namespace Runtime.Core.Tests.Stress;

/// <summary>Something that one thread begins and another one cancels at about the same moment, batch by batch.</summary>
internal abstract class CancelRace(AsyncRuntime runtime)
{
    /// <summary>How many races a batch has.</summary>
    public const int BatchSize = 2_000;

    // More of them say nothing new.
    private const int MostProblems = 20;

    private readonly ConcurrentQueue<string> _problems = new();

    public IReadOnlyCollection<string> Problems => _problems;

    /// <summary>How often each outcome was seen; by the first thread.</summary>
    public SortedDictionary<string, long> Outcomes { get; } = new(StringComparer.Ordinal);

    protected AsyncRuntime Runtime => runtime;

    /// <summary>Draws how many races the second thread stays behind the first in a batch, so that they meet at every point of what they race for.</summary>
    public abstract int DrawLag(ref uint draws);

    /// <summary>Begins a race. The first thread.</summary>
    public abstract void Begin(int index, ref uint draws);

    /// <summary>Cancels it. The second thread, once the race has begun.</summary>
    public abstract void Interfere(int index, ref uint draws);

    /// <summary>Whether what has to end has ended. Any thread, once both have done their part.</summary>
    public abstract bool IsSettled(int index);

    /// <summary>Judges a settled race and releases what it holds. The first thread.</summary>
    /// <returns>The outcome, one of a few.</returns>
    public abstract string Judge(int index);

    /// <summary>Holds the runtime's books against what was counted here, when all is over and the runtime has stopped.</summary>
    public abstract void CheckBooks(RuntimeSnapshot books, long races);

    /// <summary>What is known about a race that does not settle.</summary>
    public abstract string Describe(int index);

    protected void Report(string problem)
    {
        if (_problems.Count < MostProblems)
        {
            _problems.Enqueue(problem);
        }
    }
}
