using Runtime.Core.Concurrency;
using Runtime.Core.Model.Tests.Engine;

namespace Runtime.Core.Model.Tests.Litmus;

internal enum SmallOperation
{
    Load,
    Store,
    Add,
    Fence,
}

/// <summary>One instruction on one of two words.</summary>
internal sealed record Instruction(SmallOperation Operation, int Word, int Value);

/// <summary>A random program of a few instructions; its outcome is everything it read, and what it left.</summary>
internal sealed class SmallProgram : Scenario
{
    private readonly AtomicInt32[] _words = new AtomicInt32[2];
    private readonly List<int>[] _read;
    private readonly ISet<string> _outcomes;

    public SmallProgram(Instruction[][] threads, ISet<string> outcomes)
    {
        _outcomes = outcomes;
        _read = [.. threads.Select(static _ => new List<int>())];
        for (var i = 0; i < threads.Length; i++)
        {
            var index = i;
            Run($"t{i}", () => Array.ForEach(threads[index], instruction => Execute(instruction, _read[index])));
        }
    }

    public static Instruction[][] Create(Random random, int threads, int length)
    {
        var value = 0;
        return [.. Enumerable.Range(0, threads).Select(_ => Enumerable.Range(0, length).Select(_ =>
            new Instruction((SmallOperation)random.Next(random.Next(2) == 0 ? 2 : 4), random.Next(2), 1 << value++)).ToArray())];
    }

    public override void Check() =>
        _outcomes.Add(string.Join(" | ", _read.Select(static read => string.Join(' ', read))) + $" | {_words[0].Value} {_words[1].Value}");

    private void Execute(Instruction instruction, List<int> read)
    {
        ref var word = ref _words[instruction.Word];
        switch (instruction.Operation)
        {
            case SmallOperation.Load:
                read.Add(word.Value);
                break;
            case SmallOperation.Store:
                word.Value = instruction.Value;
                break;
            case SmallOperation.Add:
                read.Add(word.Add(instruction.Value));
                break;
            default:
                Fence.Full();
                break;
        }
    }
}
