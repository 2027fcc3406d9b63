using System.Diagnostics;
using System.Text;

namespace Runtime.Core.Tests.Stress;

/// <summary>Watches a run until it has finished, or until nothing has moved for so long that it never will.</summary>
/// <remarks>A machine may take a thread off for seconds; what it bounds is a hang, not a speed.</remarks>
internal sealed class Watchdog(HandOffRun run, TimeSpan patience)
{
    private const int MostNamed = 20;
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);

    /// <summary>Blocks until the run has finished.</summary>
    /// <exception cref="StallException">Nothing has moved; the message says what is missing and how the runtime stands.</exception>
    public void Watch()
    {
        var (last, moved) = (-1L, Stopwatch.GetTimestamp());
        do
        {
            run.Coverage.Look(run.Runtime.Snapshot());
            var now = run.Account.HandOffs;
            if (now != last)
            {
                (last, moved) = (now, Stopwatch.GetTimestamp());
            }
            else if (Stopwatch.GetElapsedTime(moved) > patience)
            {
                throw new StallException(Describe());
            }
        }
        while (!run.Account.Finished.Wait(Interval));
        run.Coverage.Look(run.Runtime.Snapshot());
    }

    private string Describe()
    {
        var snapshot = run.Runtime.Snapshot();
        var waiting = run.Account.Batons.Where(static baton => baton.IsWaiting).ToArray();
        var text = new StringBuilder()
            .AppendLine($"{Verdict(snapshot, waiting.Length)} Nothing has moved for {patience.TotalSeconds:N0} s after {run.Account.HandOffs:N0} hand-offs; seed {run.Seed}.")
            .AppendJoin('\n', run.Account.Faults).AppendLine()
            .AppendLine($"Passed and not arrived: {waiting.Length:N0}");
        foreach (var baton in waiting.Take(MostNamed))
        {
            text.AppendLine($"  {baton}");
        }

        return text.Append(StateDump.Of(snapshot)).ToString();
    }

    private static string Verdict(RuntimeSnapshot snapshot, int waiting) => (snapshot.QueueDepth.Sum(), snapshot.Workers.Any(static worker => worker.IsRunning)) switch
    {
        (_, true) => "Stuck: a worker does not come back.",
        (> 0, false) => "Not woken: items are queued, and no worker runs any.",
        _ when waiting > 0 => "Lost: items have been passed, and no queue has them.",
        _ => "Dropped: nothing is under way, and not everything has been done.",
    };
}
