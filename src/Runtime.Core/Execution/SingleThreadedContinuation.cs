namespace Runtime.Core.Execution;

/// <summary>One thing to run: a delegate and what it is given. A value, so that queueing one allocates nothing.</summary>
/// <param name="callback">A <see cref="SendOrPostCallback"/> or an <see cref="Action{T}"/> of object: what contexts and what value task sources are handed.</param>
/// <param name="state">Its argument.</param>
internal readonly struct SingleThreadedContinuation(Delegate callback, object? state)
{
    public void Run()
    {
        // Two types of the same shape; both are sealed, so each test is one comparison.
        if (callback is SendOrPostCallback posted)
        {
            posted(state);
        }
        else
        {
            ((Action<object?>)callback)(state);
        }
    }

    public void RunOnThreadPool()
    {
        if (callback is SendOrPostCallback posted)
        {
            ThreadPool.UnsafeQueueUserWorkItem(static pair => pair.posted(pair.state), (posted, state), preferLocal: false);
        }
        else
        {
            ThreadPool.UnsafeQueueUserWorkItem((Action<object?>)callback, state, preferLocal: false);
        }
    }
}
