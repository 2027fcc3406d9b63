namespace Runtime.Core.Model.Tests.Engine;

/// <summary>One value that was stored, and what whoever reads it with acquire order learns.</summary>
internal abstract class Write
{
    public Location? Location { get; set; }

    /// <summary>The thread that stored; 0 for initial values.</summary>
    public int Thread { get; set; }

    /// <summary>The thread's own step count at that time.</summary>
    public int Step { get; set; }

    /// <summary>Its place in the history of its location.</summary>
    public int Index { get; set; }

    /// <summary>What happened before it, if it was stored with release order.</summary>
    public VectorClock? Released { get; set; }

    /// <summary>The same for the weak memory's view.</summary>
    public View? ReleasedView { get; set; }

    /// <summary>Identifies the write by everything that led to it.</summary>
    public ulong Hash { get; set; }

    public abstract string Text { get; }
}

/// <summary>A stored <typeparamref name="T"/>.</summary>
internal sealed class Write<T>(T value) : Write
{
    public T Value { get; } = value;

    public override string Text => Value switch
    {
        null => "null",
        ulong packed when packed > uint.MaxValue => $"0x{packed:x}",
        _ => Value.ToString() ?? "",
    };
}
