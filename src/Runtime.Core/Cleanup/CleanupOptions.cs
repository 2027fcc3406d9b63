namespace Runtime.Core.Cleanup;

/// <summary>Settings of a <see cref="CleanupQueue"/>.</summary>
public sealed class CleanupOptions
{
    /// <summary>Gets or sets how many retired things start the cleaning at once.</summary>
    /// <value>Default 1,000. From 1 to 1,000,000.</value>
    public int Threshold { get; set; } = 1_000;

    /// <summary>Gets or sets how long a retired thing waits at most until cleaning is asked for, when there are fewer.</summary>
    /// <value>Default 1 s. From 1 ms to 1 hour.</value>
    public TimeSpan Interval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Gets or sets how many things are released in one slice of the cleaning; then other work gets its turn.</summary>
    /// <value>Default 100. From 1 to 100,000.</value>
    public int BatchSize { get; set; } = 100;

    /// <summary>Gets or sets how long a slice lasts at most. It ends with the release that passes this: what a user's code takes for one is beyond our means.</summary>
    /// <value>Default 1 ms. From 10 µs to 1 s.</value>
    public TimeSpan SliceBudget { get; set; } = TimeSpan.FromMilliseconds(1);

    /// <summary>Gets or sets how many retired things may wait. Beyond it, whoever retires one releases two of the oldest first.</summary>
    /// <value>Default 100,000. From 1 to 100,000,000.</value>
    public int Capacity { get; set; } = 100_000;

    /// <summary>Gets or sets how many asynchronous disposals may go on at the same time.</summary>
    /// <value>Default 16. From 1 to 10,000.</value>
    public int MaxConcurrency { get; set; } = 16;

    internal CleanupOptions Copy() => (CleanupOptions)MemberwiseClone();
}
