namespace Runtime.Core.Scheduling;

/// <summary>How an entry is to be run.</summary>
internal enum EntryMode
{
    /// <summary>As it is: at priority Normal, or at the one that the item itself enters; it counts its own end if it is to be counted.</summary>
    Plain = 0,

    /// <summary>At this priority, of which the item knows nothing.</summary>
    Critical = 1,
    High = 2,
    Low = 4,
    Background = 5,

    /// <summary>A posted <see cref="Action"/>: accepted work, to be counted when it ends. Any other <see cref="Action"/> is a continuation.</summary>
    Posted = 6,
}

/// <summary>Priorities in entries.</summary>
internal static class EntryModes
{
    /// <summary>The mode of work of a priority.</summary>
    public static EntryMode Of(TaskPriority priority) => priority == TaskPriority.Normal ? EntryMode.Plain : EntryMode.Critical + (int)priority;

    /// <summary>The priority that <see cref="Of"/> has put in.</summary>
    public static TaskPriority Priority(this EntryMode mode) => mode == EntryMode.Plain ? TaskPriority.Normal : (TaskPriority)(mode - EntryMode.Critical);
}
