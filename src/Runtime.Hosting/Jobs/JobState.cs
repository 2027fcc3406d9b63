namespace Runtime.Hosting;

/// <summary>Where a durable job is in its life.</summary>
/// <remarks>The numbers stand in stores and never change their meaning.</remarks>
public enum JobState
{
    /// <summary>It waits for its time: a delayed job, or one that is to be tried again.</summary>
    Scheduled = 0,

    /// <summary>It may run as soon as there is room.</summary>
    Queued = 1,

    /// <summary>It waits for a place under its concurrency key, for a start that its rate key allows, or for its kind to be resumed.</summary>
    Blocked = 2,

    /// <summary>It waits for the end of the job that it continues.</summary>
    Waiting = 3,

    /// <summary>It runs.</summary>
    Running = 4,

    /// <summary>It is done.</summary>
    Succeeded = 10,

    /// <summary>Its attempts are spent, or the process died in it too often. It stays to be looked at, retried or discarded: the dead letters.</summary>
    Failed = 11,

    /// <summary>Somebody, or the job itself, cancelled it.</summary>
    Cancelled = 12,

    /// <summary>It could not be run at all: its name is unknown here or its arguments cannot be read. Retrying it, or a process that knows the name, releases it.</summary>
    Parked = 13,
}
