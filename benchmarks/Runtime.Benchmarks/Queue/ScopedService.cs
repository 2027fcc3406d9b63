namespace Runtime.Benchmarks.Queue;

/// <summary>What an item resolves from its scope in the second variant.</summary>
internal sealed class ScopedService(RoundCounter counter)
{
    public void Work() => counter.Hit();
}

/// <summary>What an item takes from its own scope.</summary>
internal enum Resolve
{
    /// <summary>Nothing: the scope is made and disposed.</summary>
    Nothing,

    /// <summary>One scoped service.</summary>
    Service,
}
