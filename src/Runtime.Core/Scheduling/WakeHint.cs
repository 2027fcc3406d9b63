namespace Runtime.Core.Scheduling;

/// <summary>What whoever queues an item knows of whether it is worth waking a worker for, when some are awake.</summary>
internal enum WakeHint
{
    /// <summary>Nothing: the scheduler judges by what items took of late.</summary>
    IfWorthIt,

    /// <summary>It takes long.</summary>
    Always,

    /// <summary>The caller is a worker that looks for work as soon as this call returns.</summary>
    CallerIsFree,
}
