using System.Collections.Concurrent;

namespace Runtime.Benchmarks.Harness;

/// <summary>The thread that work comes from when it comes from outside: neither a worker nor a pool thread.</summary>
internal sealed class DriverThread : IDisposable
{
    private readonly BlockingCollection<Action> _calls = [];
    private readonly Thread _thread;

    public DriverThread()
    {
        _thread = new Thread(Loop) { IsBackground = true, Name = "driver" };
        _thread.Start();
    }

    /// <summary>Runs a function on the thread.</summary>
    public Task<T> RunAsync<T>(Func<T> function)
    {
        var source = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        _calls.Add(() =>
        {
            try
            {
                source.SetResult(function());
            }
            catch (Exception exception)
            {
                source.SetException(exception);
            }
        });
        return source.Task;
    }

    public void Dispose()
    {
        _calls.CompleteAdding();
        _thread.Join();
        _calls.Dispose();
    }

    private void Loop()
    {
        foreach (var call in _calls.GetConsumingEnumerable())
        {
            call();
        }
    }
}
