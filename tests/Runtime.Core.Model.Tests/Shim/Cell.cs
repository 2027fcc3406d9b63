using Runtime.Core.Model.Tests.Engine;

namespace Runtime.Core.Concurrency;

/// <summary>The product's plain field under the same name. Two accesses that are not ordered, one of them a write, are a failure.</summary>
[ModelType]
internal struct Cell<T>
{
    private CellHistory? _modelWord;
    private T _content;

    public T Value
    {
        readonly get
        {
            Touch(write: false);
            return _content;
        }

        set
        {
            Touch(write: true);
            _content = value;
        }
    }

    private readonly void Touch(bool write)
    {
        var execution = Execution.Current;
        ref var history = ref System.Runtime.CompilerServices.Unsafe.AsRef(in _modelWord);
        if (history is null || history.Execution != execution)
        {
            history = new CellHistory(execution);
        }

        history.Touch(execution.Running, write, typeof(T).Name);
    }
}
