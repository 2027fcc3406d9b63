namespace Runtime.Core.Model.Tests.Engine;

/// <summary>An atomic word of the model. The memory keeps its contents; this is where it keeps them.</summary>
internal abstract class Location
{
    protected Location(Execution execution, Write initial)
    {
        Execution = execution;
        Slot = execution.Register(this);
        Newest = initial;
        History = [initial];
    }

    public Execution Execution { get; }

    /// <summary>Its number in this execution; the index into a <see cref="View"/>.</summary>
    public int Slot { get; }

    /// <summary>Where it was found when the objects of the scenario were walked; set when a failure is described.</summary>
    public string? Name { get; set; }

    /// <summary>The last write in the order all threads agree on.</summary>
    public Write Newest { get; private set; }

    /// <summary>All writes in that order. Weak memory only.</summary>
    public List<Write> History { get; }

    /// <summary>Sum of the hashes of the reads since the newest write; with store buffers, order of a write after them matters.</summary>
    public ulong ReadsSinceWrite { get; set; }

    public void Append(Write write, bool keepHistory)
    {
        write.Index = Newest.Index + 1;
        Newest = write;
        ReadsSinceWrite = 0;
        if (keepHistory)
        {
            History.Add(write);
        }
    }

    public override string ToString() => Name ?? $"word {Slot}";
}

/// <summary>An atomic word that holds a <typeparamref name="T"/>.</summary>
internal sealed class Location<T>(Execution execution) : Location(execution, new Write<T>(default!));
