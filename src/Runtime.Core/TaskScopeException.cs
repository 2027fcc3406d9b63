namespace Runtime.Core;

/// <summary>Work of a <see cref="TaskScope"/> failed. Holds every failure; the first one to happen is the first, and the <see cref="Exception.InnerException"/>.</summary>
/// <remarks>Always this type, also for one failure: code that handles it does not depend on how many happened to fail before the cancellation reached them.</remarks>
public sealed class TaskScopeException : AggregateException
{
    internal TaskScopeException(string scope, IReadOnlyCollection<Exception> failures)
        : base(failures.Count == 1 ? $"Work of {scope} failed." : $"Work of {scope} failed, {failures.Count} times; the first failure is the first of these.", failures)
    {
    }
}
