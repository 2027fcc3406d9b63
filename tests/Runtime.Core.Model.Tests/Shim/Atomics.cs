using Runtime.Core.Model.Tests.Engine;

// The product's atomic types under the same names: its files are compiled against these in this project. See the product's Atomic.cs.
namespace Runtime.Core.Concurrency;

[ModelType]
internal struct AtomicInt32
{
    private Word<int> _modelWord;

    public int Value
    {
        readonly get => _modelWord.Load();
        set => _modelWord.Store(value);
    }

    public readonly int Plain => _modelWord.Plain();

    public int Add(int amount) => _modelWord.Replace(old => (true, old + amount), "add") + amount;

    public void Or(int bits) => _modelWord.Replace(old => (true, old | bits), "or");

    public void And(int bits) => _modelWord.Replace(old => (true, old & bits), "and");

    public int Exchange(int value) => _modelWord.Replace(_ => (true, value), "exchange");

    public int CompareExchange(int value, int expected) => _modelWord.Replace(old => (old == expected, value), "compare-exchange");
}

[ModelType]
internal struct AtomicUInt32
{
    private Word<uint> _modelWord;

    public uint Value
    {
        readonly get => _modelWord.Load();
        set => _modelWord.Store(value);
    }

    public readonly uint Plain => _modelWord.Plain();

    public uint CompareExchange(uint value, uint expected) => _modelWord.Replace(old => (old == expected, value), "compare-exchange");
}

[ModelType]
internal struct AtomicInt64
{
    private Word<long> _modelWord;

    public long Value
    {
        readonly get => _modelWord.Load();
        set => _modelWord.Store(value);
    }

    public readonly long Plain => _modelWord.Plain();

    public long Add(long amount) => _modelWord.Replace(old => (true, old + amount), "add") + amount;

    public long Exchange(long value) => _modelWord.Replace(_ => (true, value), "exchange");

    public long CompareExchange(long value, long expected) => _modelWord.Replace(old => (old == expected, value), "compare-exchange");
}

[ModelType]
internal struct AtomicUInt64
{
    private Word<ulong> _modelWord;

    public ulong Value
    {
        readonly get => _modelWord.Load();
        set => _modelWord.Store(value);
    }

    public readonly ulong Plain => _modelWord.Plain();

    public ulong CompareExchange(ulong value, ulong expected) => _modelWord.Replace(old => (old == expected, value), "compare-exchange");
}

[ModelType]
internal struct AtomicReference<T>
    where T : class
{
    private Word<T?> _modelWord;

    public T? Value
    {
        readonly get => _modelWord.Load();
        set => _modelWord.Store(value);
    }

    public readonly T? Plain => _modelWord.Plain();

    public T? Exchange(T? value) => _modelWord.Replace(_ => (true, value), "exchange");

    public T? CompareExchange(T? value, T? expected) => _modelWord.Replace(old => (ReferenceEquals(old, expected), value), "compare-exchange");
}

[ModelType]
internal static class Fence
{
    public static void Full()
    {
        var execution = Execution.Current;
        if (execution.Mutator?.Weakens(MutationKind.DropFence) != true)
        {
            execution.Point();
            execution.Log?.Add(execution.Running, "fence", null, "");
            execution.Memory.Fence(execution.Running);
        }
    }

    public static void ProcessWide()
    {
        var execution = Execution.Current;
        if (execution.Mutator?.Weakens(MutationKind.DropProcessWideFence) != true)
        {
            execution.Point();
            execution.Log?.Add(execution.Running, "process-wide fence", null, "");
            execution.Memory.FenceAll(execution.Running);
        }
    }
}
