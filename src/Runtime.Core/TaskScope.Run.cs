namespace Runtime.Core;

// The form that cannot be misused.
public sealed partial class TaskScope
{
    /// <summary>Runs a body with a scope, waits for all children, and ends with what they and the body have come to.</summary>
    /// <param name="spawner">What the children run on: a runtime, an executor, or the scope that this one is to be nested in.</param>
    /// <param name="body">The body. It runs on the caller; its token is the scope's. An exception from it cancels the children, in every mode.</param>
    /// <param name="options">Name, deadline, failure mode, limit.</param>
    /// <param name="cancellationToken">Cancels the scope.</param>
    /// <returns>A task that ends when the body and every child have ended.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="spawner"/> or <paramref name="body"/> is <see langword="null"/>.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A setting is out of its range.</exception>
    /// <exception cref="TaskScopeException">The body or a child failed.</exception>
    /// <exception cref="TimeoutException">The deadline has cancelled some of the work.</exception>
    /// <exception cref="OperationCanceledException">Some of the work has been cancelled from outside.</exception>
    public static async Task RunAsync(
        ITaskSpawner spawner, Func<TaskScope, CancellationToken, ValueTask> body, TaskScopeOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(body);
        var scope = Open(spawner, options, cancellationToken);
        try
        {
            await body(scope, scope.CancellationToken);
        }
        catch (Exception exception)
        {
            scope.OnBodyFailed(exception);
        }

        await scope.JoinAsync();
    }

    /// <summary>Runs a body with a scope, waits for all children, and returns the body's result.</summary>
    /// <typeparam name="TResult">The type of the result.</typeparam>
    /// <returns>The body's result, when the body and every child have ended.</returns>
    /// <remarks>A body that <see cref="Cancel"/> has interrupted has no result: that ends as cancelled, too.</remarks>
    /// <inheritdoc cref="RunAsync(ITaskSpawner, Func{TaskScope, CancellationToken, ValueTask}, TaskScopeOptions?, CancellationToken)"/>
    public static async Task<TResult> RunAsync<TResult>(
        ITaskSpawner spawner, Func<TaskScope, CancellationToken, ValueTask<TResult>> body, TaskScopeOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(body);
        var scope = Open(spawner, options, cancellationToken);
        var hasResult = false;
        var result = default(TResult);
        try
        {
            result = await body(scope, scope.CancellationToken);
            hasResult = true;
        }
        catch (Exception exception)
        {
            scope.OnBodyFailed(exception);
        }

        await scope.JoinAsync();
        return hasResult ? result! : throw new OperationCanceledException($"{nameof(Cancel)} has interrupted the body of {scope.Describe()}: it has no result.", scope.CancellationToken);
    }
}
