namespace Runtime.Core.Model.Tests.Engine;

/// <summary>Decides at random: threads by priorities that change at a few random places, everything else by chance.</summary>
/// <remarks>
/// Probabilistic concurrency testing (Burckhardt, Kothari, Musuvathi, Nagarakatte 2010): a bug that needs d ordering decisions among n threads and
/// k steps is found with a probability of at least 1/(n·k^(d-1)) in each run.
/// </remarks>
internal sealed class RandomStrategy : Strategy
{
    private const int Changes = 3;

    private readonly Random _random;
    private readonly List<int> _taken = [];
    private readonly int[] _priorities = new int[VectorClock.MaxThreads];
    private readonly int[] _changeAt = new int[Changes];

    /// <summary>Decides for one execution.</summary>
    /// <param name="seed">Determines all decisions.</param>
    /// <param name="length">How many steps executions take, about.</param>
    public RandomStrategy(int seed, int length)
    {
        _random = new Random(seed);
        for (var i = 0; i < _priorities.Length; i++)
        {
            _priorities[i] = Changes + 1 + _random.Next(1_000);
        }

        for (var i = 0; i < Changes; i++)
        {
            _changeAt[i] = _random.Next(length) + 1;
        }
    }

    public override IReadOnlyList<int> Taken => _taken;

    public override bool IsBounded => false;

    public override int Choose(int count)
    {
        // Half the time the first: the newest write, and nothing out of the ordinary.
        var choice = _random.Next(2) == 0 ? 0 : _random.Next(count);
        _taken.Add(choice);
        return choice;
    }

    public override int ChooseThread(List<ModelThread> candidates, int step)
    {
        for (var i = 0; i < Changes; i++)
        {
            if (_changeAt[i] != 0 && step >= _changeAt[i])
            {
                _changeAt[i] = 0;
                _priorities[candidates[0].Index] = i; // the one that would go on falls below all others
            }
        }

        var best = 0;
        for (var i = 1; i < candidates.Count; i++)
        {
            if (_priorities[candidates[i].Index] > _priorities[candidates[best].Index])
            {
                best = i;
            }
        }

        _taken.Add(best);
        return best;
    }
}
