using Runtime.Core;

namespace Runtime.Benchmarks.Scheduler.Shapes;

/// <summary>Fork and join: Fibonacci of 18, with a task spawned for one of the two branches of every node; an operation is one spawn.</summary>
internal sealed class Fibonacci() : Shape("fork_join_fib", Forks, repeats: 20)
{
    private const int Argument = 18;
    private const int Result = 2_584;

    // Nodes with two branches: fib(n + 1) - 1.
    private const int Forks = 4_180;

    public override void RunOn(AsyncRuntime runtime) => Check(runtime.Spawn(_ => FibonacciAsync(runtime, Argument)));

    public override void RunOnPool() => Check(Task.Run(static () => PoolFibonacciAsync(Argument)));

    private static void Check(Task<int> root)
    {
        AwaitInOrder([root]);
        if (root.GetAwaiter().GetResult() != Result)
        {
            throw new InvalidOperationException("A wrong number.");
        }
    }

    private static async ValueTask<int> FibonacciAsync(AsyncRuntime runtime, int n)
    {
        if (n < 2)
        {
            return n;
        }

        var left = runtime.Spawn(_ => FibonacciAsync(runtime, n - 1));
        var right = await FibonacciAsync(runtime, n - 2);
        return await left + right;
    }

    private static async Task<int> PoolFibonacciAsync(int n)
    {
        if (n < 2)
        {
            return n;
        }

        var left = Task.Run(() => PoolFibonacciAsync(n - 1));
        var right = await PoolFibonacciAsync(n - 2);
        return await left + right;
    }
}
