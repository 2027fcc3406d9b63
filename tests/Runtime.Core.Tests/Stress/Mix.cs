namespace Runtime.Core.Tests.Stress;

/// <summary>A way for a baton to go on from a worker.</summary>
internal enum Way
{
    /// <summary>As an item of one's own.</summary>
    Post,

    /// <summary>As a delegate.</summary>
    PostDelegate,

    /// <summary>As a task of the runtime's task scheduler.</summary>
    Schedule,

    /// <summary>As new asynchronous work.</summary>
    Spawn,

    /// <summary>As new asynchronous work of any priority and deadline.</summary>
    SpawnUrgent,

    /// <summary>By giving up its turn a few times.</summary>
    Yield,

    /// <summary>The same at any priority and deadline.</summary>
    YieldUrgent,

    /// <summary>As the continuation of an await whose result another worker's item sets.</summary>
    Wake,

    /// <summary>As the continuation of an await whose result a thread of the ThreadPool sets.</summary>
    WakeFromOutside,

    /// <summary>As an item that its worker then waits for, blocked.</summary>
    Block,
}

/// <summary>The ways that a scenario's batons go, and how often each.</summary>
internal sealed class Mix
{
    private readonly Way[] _ways;

    /// <param name="ways">Each way and how many in <paramref name="ways"/>'s sum go it.</param>
    public Mix(params (Way Way, int Share)[] ways) => _ways = [.. ways.SelectMany(static way => Enumerable.Repeat(way.Way, way.Share))];

    public Way Draw(ref uint state) => _ways.Length == 1 ? _ways[0] : _ways[Below(ref state, _ways.Length)];

    /// <summary>Draws a number from 0 to below a bound. A drawing has to cost less than a hand-off, hence xorshift (Marsaglia 2003).</summary>
    public static int Below(ref uint state, int bound)
    {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        return (int)(((ulong)state * (uint)bound) >> 32);
    }
}
