using Runtime.Core.Model.Tests.Engine;

namespace Runtime.Core.Concurrency;

/// <summary>A word that is known by its address.</summary>
[ModelType]
internal sealed class PinnedWord<T>
{
    private Word<T> _word;

    public T Load() => _word.Load();

    public T Replace(Func<T, (bool Store, T Value)> change, string operation) => _word.Replace(change, operation);

    public T Peek() => _word.Peek();

    /// <summary>Identifies what the kernel has done about this word so far.</summary>
    public ulong QueueHash { get; set; }
}

/// <summary>One thread asleep in the kernel.</summary>
[ModelType]
internal sealed class Sleep(PinnedWord<int> word)
{
    public PinnedWord<int> Word { get; } = word;

    public bool IsOver { get; set; }

    /// <summary>Identifies what ended it.</summary>
    public ulong WakerHash { get; set; }
}
