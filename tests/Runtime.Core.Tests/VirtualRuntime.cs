using Runtime.Core.Execution;
using Runtime.Core.Timing;

namespace Runtime.Core.Tests;

/// <summary>One thread, virtual time, and an error instead of a hang: where semantics are tested.</summary>
internal sealed class VirtualRuntime : IDisposable
{
    public VirtualRuntime(int? seed = null) =>
        Executor = new SingleThreadedExecutor(new SingleThreadedExecutorOptions { Seed = seed, TimeProvider = Clock, ThrowWhenStalled = true });

    public VirtualClock Clock { get; } = new();

    public SingleThreadedExecutor Executor { get; }

    public void Run(Func<Task> body) => Executor.BlockOn(_ => new ValueTask(body()));

    public Task Delay(double seconds, CancellationToken cancellationToken = default) => Task.Delay(TimeSpan.FromSeconds(seconds), Clock, cancellationToken);

    /// <summary>Awaits a task that is expected to fail, without leaving the thread.</summary>
    public static async Task<TException> ThrownBy<TException>(Task task)
        where TException : Exception
    {
        try
        {
            await task;
        }
        catch (Exception exception)
        {
            return exception.ShouldBeOfType<TException>();
        }

        throw new InvalidOperationException($"Nothing was thrown; a {typeof(TException).Name} was expected.");
    }

    public void Dispose() => Executor.Dispose();
}
