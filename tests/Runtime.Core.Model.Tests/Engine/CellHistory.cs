namespace Runtime.Core.Model.Tests.Engine;

/// <summary>Who touched a plain field last. Finds races by vector clocks, whatever the order in which the accesses came.</summary>
internal sealed class CellHistory(Execution execution)
{
    private readonly int[] _reads = new int[VectorClock.MaxThreads];
    private int _writer;
    private int _writeStep;
    private CallSite? _writeSite;

    public Execution Execution { get; } = execution;

    public void Touch(ModelThread thread, bool write, string type)
    {
        Execution.ThrowIfUnwinding();
        Execution.Log?.Add(thread, write ? "plain write" : "plain read", null, type);
        if (_writer != thread.Index && thread.Clock[_writer] < _writeStep)
        {
            Fail(thread, write, _writer, "write");
        }

        if (!write)
        {
            _reads[thread.Index] = thread.Clock[thread.Index];
            return;
        }

        for (var other = 0; other < _reads.Length; other++)
        {
            if (other != thread.Index && thread.Clock[other] < _reads[other])
            {
                Fail(thread, write, other, "read");
            }
        }

        _writer = thread.Index;
        _writeStep = thread.Clock[thread.Index];
        _writeSite = Execution.Log is null ? null : CallSite.OfCaller();
    }

    private void Fail(ModelThread thread, bool write, int other, string what) =>
        Execution.Fail($"race: a plain {(write ? "write" : "read")} by {thread.Name} is not ordered after the {what} by {Execution.Threads[other].Name} {_writeSite}");
}
