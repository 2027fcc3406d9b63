namespace Runtime.Hosting.Queues;

/// <summary>How one enqueue was decided.</summary>
internal enum Admission
{
    /// <summary>The item is in the books; a full queue may have dropped it at once.</summary>
    Accepted,

    /// <summary>A live item has its unique key: that one's handle is the answer.</summary>
    Existing,

    /// <summary>A live item has its unique key, and its result is of another type.</summary>
    Mismatch,

    /// <summary>There is no room.</summary>
    Full,

    /// <summary>It, or one that it would go before, would miss its deadline.</summary>
    Late,

    /// <summary>The queue does not accept work in its state.</summary>
    Refused,
}
