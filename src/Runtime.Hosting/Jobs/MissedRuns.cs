namespace Runtime.Hosting;

/// <summary>What happens to runs of a recurring job whose time passed while no process ran, or while it was paused.</summary>
/// <remarks>The numbers stand in stores and never change their meaning.</remarks>
public enum MissedRuns
{
    /// <summary>The latest of them is run, once.</summary>
    Once = 0,

    /// <summary>None of them is run.</summary>
    Skip = 1,

    /// <summary>Each of them is run; of more than 1,000, the latest 1,000.</summary>
    All = 2,
}
