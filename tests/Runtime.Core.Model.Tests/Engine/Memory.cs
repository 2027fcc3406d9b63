namespace Runtime.Core.Model.Tests.Engine;

/// <summary>What a load may return and when a store is seen. One per execution.</summary>
internal abstract class Memory(Execution execution)
{
    protected Execution Execution { get; } = execution;

    /// <summary>Whether a store is a step that the order of threads matters for, and not only its later visibility.</summary>
    public abstract bool StoresAreSteps { get; }

    public abstract Write Load(ModelThread thread, Location location, bool acquire);

    public abstract void Store(ModelThread thread, Location location, Write write, bool release);

    /// <summary>Reads and replaces in one step.</summary>
    /// <param name="thread">Who.</param>
    /// <param name="location">What.</param>
    /// <param name="replace">Gives the new value for the one read, or <see langword="null"/> to leave it.</param>
    /// <param name="fence">Whether it is also a full fence.</param>
    /// <returns>The write that was read.</returns>
    public abstract Write Exchange(ModelThread thread, Location location, Func<Write, Write?> replace, Ordering fence);

    public abstract void Fence(ModelThread thread);

    /// <summary>A full fence in every thread at once.</summary>
    public abstract void FenceAll(ModelThread caller);

    /// <summary>Makes every store visible that is not yet; says whether there was one.</summary>
    public abstract bool SettleAll();

    /// <summary>The value that is read without any order; the reader must be the only writer, or be ordered after every write.</summary>
    public Write Plain(ModelThread thread, Location location)
    {
        var write = Latest(thread, location, out var unordered);
        if (unordered || !thread.Knows(write))
        {
            Execution.Fail($"race: {thread.Name} reads {location} without order while another thread's write is not ordered before it");
        }

        return write;
    }

    protected abstract Write Latest(ModelThread thread, Location location, out bool unordered);

    protected bool MayOverlook(ModelThread thread, Write write) => thread.Overlooked.GetValueOrDefault(write) < Execution.Options.MostOverlooked;

    protected static void Overlook(ModelThread thread, Write write) => thread.Overlooked[write] = thread.Overlooked.GetValueOrDefault(write) + 1;

    protected static void Sign(ModelThread thread, Location location, Write write, bool release)
    {
        write.Location = location;
        write.Thread = thread.Index;
        write.Step = thread.Clock[thread.Index];
        write.Released = release ? thread.Clock.Copy() : thread.FencedClock;
    }
}

/// <summary>The order that an atomic read-and-replace gives.</summary>
internal enum Ordering
{
    /// <summary>Atomic, nothing else.</summary>
    Relaxed,

    /// <summary>Acquire: the entry of a lock.</summary>
    Acquire,

    /// <summary>A full fence: every interlocked operation.</summary>
    Full,
}
