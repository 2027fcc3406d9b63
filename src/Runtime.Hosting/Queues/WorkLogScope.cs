using System.Collections;
using System.Globalization;

namespace Runtime.Hosting.Queues;

/// <summary>The log scope around an item's work: its id, name, queue and priority, read only by a provider that includes scopes.</summary>
internal sealed class WorkLogScope(WorkHandle entry) : IReadOnlyList<KeyValuePair<string, object?>>
{
    public int Count => 4;

    public KeyValuePair<string, object?> this[int index] => index switch
    {
        0 => new("WorkId", entry.Id),
        1 => new("WorkName", Printable.Text(entry.Options.Name)),
        2 => new("Queue", entry.Queue.Name),
        3 => new("Priority", entry.Options.Priority),
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

    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"WorkId:{entry.Id} WorkName:{Printable.Text(entry.Options.Name)} Queue:{entry.Queue.Name} Priority:{entry.Options.Priority}");
}
