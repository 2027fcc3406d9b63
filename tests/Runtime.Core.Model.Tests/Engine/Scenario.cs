namespace Runtime.Core.Model.Tests.Engine;

/// <summary>A small concurrent program. The constructor sets up; the bodies run at once; then the check.</summary>
/// <remarks>It must be deterministic: what it does may depend on what it reads and on <see cref="Choose"/>, and on nothing else.</remarks>
internal abstract class Scenario
{
    public List<(string Name, Action Body)> Bodies { get; } = [];

    /// <summary>Whether threads may still be waiting at the end. Asked when nobody can go on; looks at no atomic word.</summary>
    public virtual bool MayRest() => false;

    /// <summary>What must hold when all threads have ended. It knows everything they did.</summary>
    public virtual void Check()
    {
    }

    protected static void Require(bool condition, string what)
    {
        if (!condition)
        {
            Execution.Current.Fail(what);
        }
    }

    /// <summary>Tries every number below <paramref name="count"/>.</summary>
    protected static int Choose(int count) => Execution.Current.ChooseFreely(count);

    /// <summary>Lets the others go first: for loops that wait.</summary>
    protected static void Yield() => Execution.Current.Yield();

    protected void Run(string name, Action body) => Bodies.Add((name, body));
}
