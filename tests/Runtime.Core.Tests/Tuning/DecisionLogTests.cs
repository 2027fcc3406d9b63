using Runtime.Core.Tuning;

namespace Runtime.Core.Tests.Tuning;

public sealed class DecisionLogTests
{
    [Fact]
    public void Add_KeepsTheLatest256()
    {
        var log = new DecisionLog();
        for (var i = 0; i < 1000; i++)
        {
            log.Add(new(DateTimeOffset.UnixEpoch, "s", TuningKnob.WorkerThreads, i, i + 1, TuningOutcome.Applied, ""));
        }

        log.ToList().Select(static d => d.From).ShouldBe(Enumerable.Range(744, 256));
    }
}
