using Runtime.Core.Model.Tests.Engine;

namespace Runtime.Core.Concurrency;

/// <summary>
/// Stands in for System.Threading.Lock. Entering acquires, leaving releases; neither is taken for a full fence, although on x64 entering is one.
/// </summary>
[ModelType]
internal sealed class ModelLock
{
    private Word<int> _word;

    // Who is inside, or -1. Part of the control of threads, not of the memory.
    private int _owner = -1;

    public Scope EnterScope()
    {
        var execution = Execution.Current;
        if (execution.Mutator?.Weakens(MutationKind.DropLock) == true)
        {
            return default;
        }

        if (_owner == execution.Running.Index)
        {
            execution.Fail($"{execution.Running.Name} enters a lock that it holds");
        }

        execution.WaitUntil(() => _owner < 0, "a lock");
        _owner = execution.Running.Index;
        _word.EnterLock();
        return new Scope(this);
    }

    private void Leave()
    {
        if (!Execution.Current.IsUnwinding)
        {
            _word.LeaveLock();
            _owner = -1;
        }
    }

    internal readonly ref struct Scope(ModelLock? owner)
    {
        public void Dispose() => owner?.Leave();
    }
}
