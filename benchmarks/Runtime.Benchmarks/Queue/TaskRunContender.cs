using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Runtime.Benchmarks.Queue;

/// <summary><c>Task.Run</c> with a scope: fire and forget, or with every task kept and awaited.</summary>
internal sealed class TaskRunContender(string name, bool awaitAll, Resolve resolve) : QueueContender(name, resolve)
{
    // Tasks of the round, when they are awaited.
    private Task[] _tasks = [];

    // Set by OnStartedAsync.
    private Func<Task> _work = null!;

    public override string Settings => awaitAll ? "thread pool, unbounded, every task awaited" : "thread pool, unbounded, fire and forget";

    public override ValueTask SubmitAsync(int items)
    {
        if (awaitAll)
        {
            if (_tasks.Length != items)
            {
                _tasks = new Task[items];
            }

            for (var i = 0; i < items; i++)
            {
                _tasks[i] = Task.Run(_work);
            }
        }
        else
        {
            for (var i = 0; i < items; i++)
            {
                _ = Task.Run(_work);
            }
        }

        return default;
    }

    protected override void Configure(HostApplicationBuilder builder)
    {
    }

    protected override ValueTask OnStartedAsync()
    {
        var scopes = Services.GetRequiredService<IServiceScopeFactory>();
        _work = async () =>
        {
            await using var scope = scopes.CreateAsyncScope();
            Work(scope.ServiceProvider);
        };
        return default;
    }

    protected override async ValueTask<bool> SettleAsync()
    {
        foreach (var task in _tasks)
        {
            await task;
        }

        return awaitAll;
    }
}
