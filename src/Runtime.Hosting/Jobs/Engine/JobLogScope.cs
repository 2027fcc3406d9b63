using System.Collections;
using System.Globalization;
using Runtime.Hosting.Queues;

namespace Runtime.Hosting.Jobs;

/// <summary>The log scope around a run: the job's id, name, queue and attempt, read only by a provider that includes scopes.</summary>
internal sealed class JobLogScope(RunningJob run) : IReadOnlyList<KeyValuePair<string, object?>>
{
    public int Count => 4;

    public KeyValuePair<string, object?> this[int index] => index switch
    {
        0 => new("JobId", run.Id),
        1 => new("JobName", Printable.Text(run.Name)),
        2 => new("Queue", Printable.Text(run.Queue)),
        3 => new("Attempt", run.Attempt),
        _ => throw new ArgumentOutOfRangeException(nameof(index)),
    };

    public IEnumerator<KeyValuePair<string, object?>> GetEnumerator()
    {
        for (var i = 0; i < Count; i++)
        {
            yield return this[i];
        }
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"JobId:{run.Id} JobName:{Printable.Text(run.Name)} Queue:{Printable.Text(run.Queue)} Attempt:{run.Attempt}");
}
