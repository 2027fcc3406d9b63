namespace Runtime.Core.Model.Tests.Litmus;

/// <summary>
/// The x64 memory by the book (Owens, Sarkar, Sewell 2009): store buffers that leave whenever they like, every state visited. Slow, simple, and
/// written without any of the engine: what the engine is compared with.
/// </summary>
internal sealed class ReferenceMachine(Instruction[][] threads)
{
    private readonly HashSet<string> _seen = [];

    public HashSet<string> Outcomes { get; } = [];

    public void Run() => Visit(new State(
        new int[threads.Length],
        [.. threads.Select(static _ => new List<(int, int)>())],
        [.. threads.Select(static _ => new List<int>())],
        [0, 0]));

    private void Visit(State state)
    {
        if (!_seen.Add(state.ToString()))
        {
            return;
        }

        var done = true;
        for (var i = 0; i < threads.Length; i++)
        {
            if (state.Buffers[i].Count > 0)
            {
                done = false;
                var next = state.Copy();
                var (word, value) = next.Buffers[i][0];
                next.Buffers[i].RemoveAt(0);
                next.Memory[word] = value;
                Visit(next);
            }

            if (state.Counters[i] < threads[i].Length)
            {
                done = false;
                Step(state, i);
            }
        }

        if (done)
        {
            Outcomes.Add(string.Join(" | ", state.Read.Select(static read => string.Join(' ', read))) + $" | {state.Memory[0]} {state.Memory[1]}");
        }
    }

    private void Step(State state, int thread)
    {
        var (operation, word, value) = threads[thread][state.Counters[thread]];
        if (operation is SmallOperation.Add or SmallOperation.Fence && state.Buffers[thread].Count > 0)
        {
            return; // waits for its buffer
        }

        var next = state.Copy();
        next.Counters[thread]++;
        switch (operation)
        {
            case SmallOperation.Load:
                var own = next.Buffers[thread].FindLastIndex(store => store.Word == word);
                next.Read[thread].Add(own >= 0 ? next.Buffers[thread][own].Value : next.Memory[word]);
                break;
            case SmallOperation.Store:
                next.Buffers[thread].Add((word, value));
                break;
            case SmallOperation.Add:
                next.Memory[word] += value;
                next.Read[thread].Add(next.Memory[word]);
                break;
        }

        Visit(next);
    }

    private sealed record State(int[] Counters, List<(int Word, int Value)>[] Buffers, List<int>[] Read, int[] Memory)
    {
        public State Copy() => new([.. Counters], [.. Buffers.Select(static buffer => buffer.ToList())], [.. Read.Select(static read => read.ToList())], [.. Memory]);

        public override string ToString() => string.Join(';', [
            string.Join(',', Counters), .. Buffers.Select(static buffer => string.Join(',', buffer)), .. Read.Select(static read => string.Join(',', read)), string.Join(',', Memory)]);
    }
}
