using Runtime.Core.Execution;

namespace Runtime.Hosting.Queues;

/// <summary>The context of the item whose code asks for it.</summary>
internal sealed class WorkItemContext(WorkHandle entry) : WorkContext
{
    public override WorkHandle Handle => entry;

    /// <summary>Finds the item that the caller runs in: the factory of the scoped service.</summary>
    /// <exception cref="InvalidOperationException">The caller runs in none.</exception>
    public static WorkContext Current =>
        SynchronizationContext.Current is RuntimeSynchronizationContext { Owner: WorkOwner { Entry: { } entry } }
            ? new WorkItemContext(entry)
            : throw new InvalidOperationException(
                $"{nameof(WorkContext)} was asked for outside of a queued work item, or after an await with ConfigureAwait(false). "
                + "Take it as an argument of the work or of a service that the work resolves from its own scope.");

    public override void Report(double fraction, string? message = null)
    {
        if (!(fraction is >= 0 and <= 1))
        {
            throw new ArgumentOutOfRangeException(nameof(fraction), fraction, "The fraction that is done goes from 0 to 1.");
        }

        entry.EnsureExtras().Progress = new WorkProgress(fraction, message);
    }
}
