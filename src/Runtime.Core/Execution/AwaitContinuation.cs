using System.Runtime.InteropServices;
using System.Threading.Tasks.Sources;

namespace Runtime.Core.Execution;

/// <summary>What an await leaves behind: what to call, and where.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly struct AwaitContinuation
{
    private readonly Action<object?> _callback;
    private readonly object? _state;

    private AwaitContinuation(Action<object?> callback, object? state, object? place, ExecutionContext? executionContext)
    {
        _callback = callback;
        _state = state;
        Place = place;
        ExecutionContext = executionContext;
    }

    /// <summary>Where it runs: a <see cref="SynchronizationContext"/>, a <see cref="TaskScheduler"/>, or <see langword="null"/> for the ThreadPool.</summary>
    public object? Place { get; }

    /// <summary>What it runs in; <see langword="null"/> when the awaiter sees to that itself, as compiled code does.</summary>
    public ExecutionContext? ExecutionContext { get; }

    /// <summary>What it belongs to, for messages: the state machine, when the compiler made the await.</summary>
    public object? State => _state;

    /// <summary>Notes an await of the calling code.</summary>
    public static AwaitContinuation Capture(Action<object?> callback, object? state, ValueTaskSourceOnCompletedFlags flags)
    {
        ArgumentNullException.ThrowIfNull(callback);
        var executionContext = (flags & ValueTaskSourceOnCompletedFlags.FlowExecutionContext) != ValueTaskSourceOnCompletedFlags.None ? ExecutionContext.Capture() : null;
        return new AwaitContinuation(callback, state, PlaceOf(SynchronizationContext.Current, flags), executionContext);
    }

    public void Invoke() => _callback(_state);

    // Code that is home comes home, whether or not it asked for its context. Elsewhere the rules of the library's own awaiters hold.
    private static object? PlaceOf(SynchronizationContext? context, ValueTaskSourceOnCompletedFlags flags)
    {
        if (context is RuntimeSynchronizationContext)
        {
            return context;
        }

        if ((flags & ValueTaskSourceOnCompletedFlags.UseSchedulingContext) == ValueTaskSourceOnCompletedFlags.None)
        {
            return null;
        }

        if (context is not null && context.GetType() != typeof(SynchronizationContext))
        {
            return context;
        }

        return TaskScheduler.Current == TaskScheduler.Default ? null : TaskScheduler.Current;
    }
}
