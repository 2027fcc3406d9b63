namespace Runtime.Core;

/// <summary>Opens scopes on what work can be started on.</summary>
public static class TaskScopeExtensions
{
    /// <summary>Opens a scope whose children run on this runtime or executor; on a scope, one that is nested in it. Dispose of it.</summary>
    /// <param name="spawner">What its children run on.</param>
    /// <param name="options">Name, deadline, failure mode, limit.</param>
    /// <param name="cancellationToken">Cancels the scope.</param>
    /// <returns>The scope.</returns>
    /// <inheritdoc cref="TaskScope.Open" path="/exception"/>
    public static TaskScope OpenScope(this ITaskSpawner spawner, TaskScopeOptions? options = null, CancellationToken cancellationToken = default) =>
        TaskScope.Open(spawner, options, cancellationToken);
}
