namespace Runtime.Core.Model.Tests.Engine;

/// <summary>One thread of a scenario: what it knows, what it waits for, and what it has stored but nobody has seen.</summary>
internal sealed class ModelThread(int index, string name)
{
    public int Index { get; } = index;

    public string Name { get; } = name;

    public bool IsStarted { get; set; }

    public bool IsFinished { get; set; }

    /// <summary>What it waits for, or <see langword="null"/> when it can go on.</summary>
    public Func<bool>? Until { get; set; }

    /// <summary>The same in words.</summary>
    public string WaitsFor { get; set; } = "";

    public VectorClock Clock { get; set; } = new();

    /// <summary>Identifies everything the thread has seen and done so far.</summary>
    public ulong Hash { get; set; } = Hashing.Mix(0xC0FFEE, (ulong)index);

    /// <summary>Stores that are still in the store buffer, oldest first. Store-buffer memory only.</summary>
    public List<Write> Buffer { get; } = [];

    /// <summary>Weak memory only.</summary>
    public View View { get; set; } = new();

    /// <summary>What relaxed loads have met; learnt at the next fence. Weak memory only.</summary>
    public VectorClock? MetClock { get; set; }

    /// <inheritdoc cref="MetClock"/>
    public View? MetView { get; set; }

    /// <summary>What was known at the last fence; what relaxed stores publish. Weak memory only.</summary>
    public VectorClock? FencedClock { get; set; }

    /// <inheritdoc cref="FencedClock"/>
    public View? FencedView { get; set; }

    /// <summary>How often it has read past a write that was there to be seen; bounded, so that a loop ends.</summary>
    public Dictionary<Write, int> Overlooked { get; } = [];

    /// <summary>Whether its latest timed wait ran out.</summary>
    public bool HasTimedOut { get; set; }

    public bool CanRun => !IsFinished && (Until is null || Until());

    /// <summary>Starts where another thread is: it knows all that one knows.</summary>
    public void Inherit(ModelThread parent)
    {
        Clock = parent.Clock.Copy();
        View = parent.View.Copy();
    }

    /// <summary>Whether the thread knows that a write happened.</summary>
    public bool Knows(Write write) => write.Thread == Index || Clock[write.Thread] >= write.Step;
}
