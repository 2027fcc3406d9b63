namespace Runtime.Hosting;

/// <summary>An item was refused because its deadline, or that of an item accepted before, could not be met; the queue is set to <see cref="QueueAdmission.RejectIfLate"/>.</summary>
public sealed class DeadlineUnattainableException : InvalidOperationException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="queueName">The name of the queue.</param>
    /// <param name="deadline">How soon the item should have ended.</param>
    /// <param name="estimate">How soon it could have been accepted to end.</param>
    public DeadlineUnattainableException(string queueName, TimeSpan deadline, TimeSpan estimate)
        : base($"The queue '{queueName}' cannot meet the deadline of {deadline}: with what is queued before it the item would need {estimate}. "
            + $"Try again in about {Math.Max(1, Math.Ceiling((estimate - deadline).TotalSeconds))} s, give it more time or a more urgent Priority, raise the queue's MaxConcurrency, or set its Admission to Admit.")
    {
        QueueName = queueName;
        Deadline = deadline;
        Estimate = estimate;
    }

    /// <summary>Gets the name of the queue.</summary>
    public string QueueName { get; }

    /// <summary>Gets the deadline that the enqueue asked for, counted from it.</summary>
    public TimeSpan Deadline { get; }

    /// <summary>Gets the estimate of when the item would have ended, counted from the enqueue; more than <see cref="Deadline"/>.</summary>
    /// <remarks>The shortest deadline that would have been accepted. An upper estimate: two standard deviations of what was measured above the mean.</remarks>
    public TimeSpan Estimate { get; }

    /// <summary>Gets how long it takes until the same enqueue would be accepted, when nothing else is queued meanwhile.</summary>
    public TimeSpan RetryAfter => Estimate - Deadline;
}
