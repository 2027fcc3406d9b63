using System.Diagnostics;
using Runtime.Benchmarks.Queue;

namespace Runtime.Benchmarks.Latency;

/// <summary>Takes the samples, on a thread of its own, in blocks that go round the contenders.</summary>
internal sealed class LatencySampler(int samples)
{
    private const int Seed = 20_260;
    private const int WarmUp = 10;
    private const int BlockLength = 30;
    private const int ShortestGapMilliseconds = 5;
    private const int LongestGapMilliseconds = 15;

    public Task<IReadOnlyList<LatencySeries>> RunAsync(IReadOnlyList<QueueContender> contenders)
    {
        var result = new TaskCompletionSource<IReadOnlyList<LatencySeries>>(TaskCreationOptions.RunContinuationsAsynchronously);
        var thread = new Thread(() =>
        {
            try
            {
                result.SetResult(Run(contenders));
            }
            catch (Exception exception)
            {
                result.SetException(exception);
            }
        })
        { IsBackground = true, Name = "latency-producer" };
        thread.Start();
        return result.Task;
    }

    private LatencySeries[] Run(IReadOnlyList<QueueContender> contenders)
    {
        var random = new Random(Seed);
        LatencySeries[] results = [.. contenders.Select(c => new LatencySeries(c.Name))];
        foreach (var contender in contenders)
        {
            for (var i = 0; i < WarmUp; i++)
            {
                Sample(contender, random);
            }
        }

        for (var taken = 0; taken < samples; taken += BlockLength)
        {
            for (var c = 0; c < contenders.Count; c++)
            {
                for (var i = 0; i < Math.Min(BlockLength, samples - taken); i++)
                {
                    results[c].Add(Sample(contenders[c], random));
                }
            }
        }

        return results;
    }

    private static (double Started, double Returned) Sample(QueueContender contender, Random random)
    {
        var (started, returned) = contender.RunOne(random.Next(ShortestGapMilliseconds, LongestGapMilliseconds + 1));
        return (started * 1e6 / Stopwatch.Frequency, returned * 1e6 / Stopwatch.Frequency);
    }
}
