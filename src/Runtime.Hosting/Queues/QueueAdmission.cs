namespace Runtime.Hosting;

/// <summary>What a queue does with an item whose <see cref="EnqueueOptions.Deadline"/> cannot be met, given what is queued already.</summary>
public enum QueueAdmission
{
    /// <summary>The item is accepted: a deadline orders work and promises nothing; the default.</summary>
    Admit,

    /// <summary>
    /// The enqueue throws <see cref="DeadlineUnattainableException"/> with the estimate, and <c>TryEnqueue</c> returns <see langword="false"/>. So is an item refused that would make
    /// accepted ones of its priority late.
    /// </summary>
    RejectIfLate,
}
