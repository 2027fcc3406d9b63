using Runtime.Core.Model.Tests.Engine;

namespace Runtime.Core.Concurrency;

/// <summary>What all atomic types of the model do, whatever they hold.</summary>
[ModelType]
internal struct Word<T>
{
    // Made at the first touch; a word that outlives an execution starts anew in the next.
    private Location<T>? _modelWord;

    public readonly T Load(bool acquire = true)
    {
        var execution = Execution.Current;
        var location = Find(execution);
        if (acquire && execution.Mutator is { } mutator)
        {
            if (mutator.Weakens(MutationKind.SkipCheck))
            {
                return default!;
            }

            acquire = !mutator.Weakens(MutationKind.RelaxLoad);
        }

        execution.Point();
        var write = execution.Memory.Load(execution.Running, location, acquire);
        execution.Log?.Add(execution.Running, "load", location, write.Text);
        return ((Write<T>)write).Value;
    }

    public readonly T Plain()
    {
        var execution = Execution.Current;
        execution.ThrowIfUnwinding();
        return ((Write<T>)execution.Memory.Plain(execution.Running, Find(execution))).Value;
    }

    public readonly void Store(T value, bool release = true)
    {
        var execution = Execution.Current;
        var location = Find(execution);
        release = release && execution.Mutator?.Weakens(MutationKind.RelaxStore) != true;
        if (execution.Memory.StoresAreSteps)
        {
            execution.Point();
        }
        else
        {
            execution.ThrowIfUnwinding();
        }

        var write = new Write<T>(value);
        execution.Log?.Add(execution.Running, "store", location, write.Text);
        execution.Memory.Store(execution.Running, location, write, release);
    }

    /// <summary>Replaces the value by what a function makes of it, if it makes one.</summary>
    /// <returns>The old value.</returns>
    public readonly T Replace(Func<T, (bool Store, T Value)> change, string operation)
    {
        var execution = Execution.Current;
        var location = Find(execution);
        var order = Ordering.Full;
        if (execution.Mutator is { } mutator)
        {
            if (mutator.Weakens(MutationKind.SplitExchange))
            {
                return ReplaceInTwoSteps(change);
            }

            order = mutator.Weakens(MutationKind.RelaxExchange) ? Ordering.Relaxed : Ordering.Full;
        }

        execution.Point();
        var seen = (Write<T>)execution.Memory.Exchange(
            execution.Running,
            location,
            write => change(((Write<T>)write).Value) is (true, var value) ? new Write<T>(value) : null,
            order);
        if (execution.Log is { } log)
        {
            var after = change(seen.Value);
            log.Add(execution.Running, operation, location, after.Store ? $"{seen.Text} -> {new Write<T>(after.Value).Text}" : $"{seen.Text}, failed");
        }

        return seen.Value;
    }

    /// <summary>The entry of a lock that is free.</summary>
    public readonly void EnterLock()
    {
        var execution = Execution.Current;
        execution.Log?.Add(execution.Running, "enter lock", Find(execution), "");
        execution.Memory.Exchange(execution.Running, Find(execution), static _ => new Write<T>(default!), Ordering.Acquire);
    }

    /// <summary>The exit of a lock: a release store.</summary>
    public readonly void LeaveLock()
    {
        var execution = Execution.Current;
        execution.Log?.Add(execution.Running, "leave lock", Find(execution), "");
        execution.Memory.Store(execution.Running, Find(execution), new Write<T>(default!), release: true);
    }

    /// <summary>The newest value, whoever stored it; not an operation of the program.</summary>
    public readonly T Peek() => ((Write<T>)Find(Execution.Current).Newest).Value;

    private readonly T ReplaceInTwoSteps(Func<T, (bool Store, T Value)> change)
    {
        var before = Load();
        if (change(before) is (true, var value))
        {
            Store(value);
        }

        return before;
    }

    // Readonly as the product's loads are, so that they can be called through a readonly reference; the field is a cache.
    private readonly Location<T> Find(Execution execution)
    {
        ref var field = ref System.Runtime.CompilerServices.Unsafe.AsRef(in _modelWord);
        if (field is null || field.Execution != execution)
        {
            field = new Location<T>(execution);
        }

        return field;
    }
}
